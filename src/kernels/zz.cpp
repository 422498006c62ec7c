namespace thalweg {}
