build/obj/src/base/json.o: src/base/json.c src/base/json.h \
 src/base/text.h
src/base/json.h:
src/base/text.h:
