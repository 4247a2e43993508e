"""ECR: repositories, images by the digests of their content, and the registry that ``docker push`` and ``pull`` use."""
