/* asset.h: what our pages load: a style sheet, a script, an icon. Compiled in, so that nothing has
 * to be installed or found. */
#ifndef SS_WEB_SHARED_ASSET_H
#define SS_WEB_SHARED_ASSET_H

typedef struct {
    const char *name, *type, *text;
} ss_asset_t;

/* The asset of that name, or NULL. */
const ss_asset_t *ss_asset_find(const char *name);

#endif
