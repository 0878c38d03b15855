"""Airflow and the pod runner on one machine, on loopback: start them, trigger a DAG, watch it, stop them."""

from .airflow import Laptop, down, up

__all__ = ["Laptop", "down", "up"]
