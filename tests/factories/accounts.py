"""Users. Names are synthetic; nobody has a password unless a test gives one."""

import factory

from foundation.accounts.models import User


class UserFactory(factory.django.DjangoModelFactory):
    """An active user without a post. `UserFactory(password="…")` sets a password."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"测试用户{n}")
    password = None

    @classmethod
    def _create(cls, model_class, *args, password=None, **fields):
        return model_class.objects.create_user(password=password, **fields)
