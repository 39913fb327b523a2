build/obj/src/wire/request.o: src/wire/request.c src/wire/request.h \
 src/base/json.h src/base/text.h
src/wire/request.h:
src/base/json.h:
src/base/text.h:
