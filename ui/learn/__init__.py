"""The Learn page: lessons whose claims are trained while they are read, and a quiz.

The texts are in lessons/; what is read, trained and checked of them is engine/lessons/.
"""
