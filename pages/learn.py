"""Learn: lessons whose claims are trained while they are read, and a quiz."""

from ui.learn.page import show_learn
from ui.shared.frame import page_store

page_store()
show_learn()
