/* SPDX-License-Identifier: Apache-2.0
 *
 * Packages: zips of code and of layers, from a request or a bucket; checked, kept as blobs,
 * unpacked into folders that workers see.
 *
 *   DIR/functions/code/<sha256>                 the unpacked package
 *   DIR/functions/layers/<digits>-<digits>…     several layers one over another
 *   DIR/functions/tmp/<run>-<n>                 in the making
 */
#ifndef WEIR_SVC_LAMBDA_PACKAGE_H
#define WEIR_SVC_LAMBDA_PACKAGE_H

#include "svc/lambda/lambda_int.h"

#define UNZIPPED_BYTES_MAX 262144000          /* of a package with its layers */
#define ZIP_BYTES_MAX 52428800                /* inline in a request */
#define ZIP_ENTRIES_MAX 200000
#define PACKAGE_KEPT_MS (60 * 60 * 1000)      /* after its last holder went */

/* A zip that was taken. */
struct package {
    struct str sha256;           /* of it, hex */
    struct str blob;             /* where it is */
    uint64_t zip_bytes;          /* of it */
    uint64_t bytes;              /* of what is in it */
    uint64_t holders;            /* versions and layer versions that need it */
    int64_t unused_ms;           /* since when nobody does */
};

/* ---- rows (keys.c) ---- */

bool package_get(struct call *c, struct str sha256, struct package *ret_package);
void package_put(struct call *c, const struct package *package);
void package_erase(struct call *c, struct str sha256);
void package_hold(struct call *c, struct str sha256); /* it is there */
void package_drop(struct call *c, struct str sha256); /* it was held */
bool package_known(struct call *c, struct str digits); /* one whose SHA-256 begins so is there */
struct package_scan;
struct package_scan *package_scan(struct call *c, struct str after); /* behind that sum */
bool package_scan_next(struct package_scan *scan, struct package *ret_package);
void package_scan_close(struct package_scan *scan);

/* ---- zip.c: no cell, no state ---- */

struct tree;

/* Unpacks into the tree (NULL: only checks that it could). Names that lead out, encrypted entries
 * and broken bytes: ERR_MALFORMED; more than bytes_max: ERR_LIMIT. */
status zip_unpack(struct str zip, struct tree *tree, uint64_t bytes_max, uint64_t *ret_bytes);

/* ---- code.c ---- */

/* A package on its way in: what call_work()'s thread does and finds. In the call's keep. */
struct taking;
/* source: a structure with ZipFile, S3Bucket, S3Key (FunctionCode, UpdateFunctionCode's input,
 * LayerVersionContentInput). resume then asks package_taken(). c->kept is the caller's. */
status package_take(struct call *c, const struct value *source, status (*resume)(struct call *c),
                    struct taking **ret_taking);
/* InvalidParameterValueException when it is none. Until package_keep() or package_forget() there is
 * a blob and a folder that nobody knows. */
status package_taken(struct call *c, struct taking *taking, struct package *ret_package);
/* It gets its row, without a holder yet. */
void package_keep(struct call *c, struct taking *taking);
void package_forget(struct call *c, struct taking *taking); /* fine after package_keep() */

/* In a tick: packages without holders go. */
void packages_sweep(struct call *c);

/* ---- location.c ---- */

/* Where a package can be had for ten minutes: a signed URL of weir's own. */
struct str package_location(struct call *c, struct str sha256);
status page_package(struct call *c);

#endif
