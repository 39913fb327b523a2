build/obj/t/unit/disk.o: t/unit/disk.c t/unit/disk.h
t/unit/disk.h:
