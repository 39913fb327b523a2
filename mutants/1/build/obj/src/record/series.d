build/obj/src/record/series.o: src/record/series.c src/record/series.h \
 src/base/json.h
src/record/series.h:
src/base/json.h:
