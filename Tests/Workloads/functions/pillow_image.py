"""Draws, encodes and reads images."""

import io
import random

from PIL import Image, ImageDraw, ImageFilter, ImageFont


def picture(color):
    image = Image.new("RGB", (320, 200), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 200, 150), fill=color)
    draw.text((30, 30), "thaw", font=ImageFont.load_default(), fill="black")
    return image.filter(ImageFilter.GaussianBlur(2))


picture("red")


def use(context):
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        buffer = io.BytesIO()
        picture("blue").save(buffer, kind)
        assert Image.open(io.BytesIO(buffer.getvalue())).convert("RGB").size == (320, 200)
    return [random.random()]
