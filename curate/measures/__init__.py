"""What is measured on two images of one scene, and how alike an encoder finds them."""
