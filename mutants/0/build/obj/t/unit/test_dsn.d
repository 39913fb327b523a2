build/obj/t/unit/test_dsn.o: t/unit/test_dsn.c src/base/dsn.h
src/base/dsn.h:
