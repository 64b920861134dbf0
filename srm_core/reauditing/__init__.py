"""An exported student asked again: is what was judged about its weights still true of the file that is handed on?"""
