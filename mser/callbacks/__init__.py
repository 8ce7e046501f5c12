"""What belongs inside a fit and is nobody else's business."""
