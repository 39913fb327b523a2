build/obj/t/unit/test_series.o: t/unit/test_series.c src/record/series.h \
 src/base/json.h
src/record/series.h:
src/base/json.h:
