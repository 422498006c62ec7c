# The same as the version in the project's CMakeLists.txt; tests/architecture/test_project.py compares them.
__version__ = "0.1.0"
