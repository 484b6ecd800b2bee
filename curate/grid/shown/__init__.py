"""The sheets and the page of a grid."""
