"""What is due is found by its time alone, so that the order within a case keeps its own index."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0002_preferences'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='delivery',
            name='notifications_due',
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('channel', 'in_app'), ('status', 'waiting')), fields=['due_at', 'id'], name='notifications_due_in_app'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'waiting'), models.Q(('channel', 'in_app'), _negated=True)), fields=['due_at', 'id'], name='notifications_due_outside'),
        ),
    ]
