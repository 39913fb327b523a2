build/obj/src/base/ident.o: src/base/ident.c src/base/ident.h
src/base/ident.h:
