/* asset.h: style sheet, script and icon of the pages, compiled in so that nothing has to be
 * installed. */
#ifndef SS_WEB_SHARED_ASSET_H
#define SS_WEB_SHARED_ASSET_H

typedef struct {
    const char *name, *type, *text;
} ss_asset_t;

/* The asset of that name, or NULL. */
const ss_asset_t *ss_asset_find(const char *name);

#endif
