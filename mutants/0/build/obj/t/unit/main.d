build/obj/t/unit/main.o: t/unit/main.c build/unit_suites.inc
build/unit_suites.inc:
