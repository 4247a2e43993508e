"""SageMaker as far as this template and its users touch it: ``service.SageMaker``, made of parts."""
