/* main.c: a fuzz target without a fuzzer: every file that is named, or lies in a folder that is
 * named, goes through it once. Any crash or abort is a failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (1024 * 1024)

/* 1: the file was read. The copy has exactly its size, so that a sanitizer sees one byte too far.
 */
static int play_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    static char bytes[INPUT_MAX];

    if (!file) return 0;
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy) return 0;
    memcpy(copy, bytes, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
    return 1;
}

static int play(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char name[4096];
    int count = 0;

    if (!folder) return play_file(path);
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        count += play_file(name);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++) count += play(argv[i]);
    printf("%s: %d inputs\n", argv[0], count);
    return count ? 0 : 1;
}
