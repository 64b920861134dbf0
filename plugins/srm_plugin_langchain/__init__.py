"""langchain models as teachers, and our student and knowledge as parts of langchain programs."""
