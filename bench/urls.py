"""The product's addresses, and the stock admin beside them."""

from django.urls import path

from bench.peer import stock_site
from config.urls import urlpatterns as product

urlpatterns = [path("stock/", stock_site.urls), *product]
