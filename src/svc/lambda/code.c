/* SPDX-License-Identifier: Apache-2.0
 *
 * Packages: taking them in, and the folders that workers see.
 *
 *   in the cell: package_take ── call_work ──► worker thread: read the object, sum, unpack
 *   beside, write the blob ── resume, in the cell ──► package_keep: row, blob published, folder
 *   moved to its place; or package_forget: both go.
 *
 * A folder is synced before it is moved, so what is at its place is whole also after the power
 * went. One that is missing is made again from the blob (code_folder). Where functions cannot run
 * (fn_dir() is NULL) nothing is unpacked.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "bus/depot.h"
#include "bus/sink.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "fn/part.h"
#include "svc/lambda/package.h"
#include "sys/file.h"
#include "sys/tree.h"

#include <assert.h>
#include <stdio.h>

#define PATH_BYTES 4096
#define LAYER_DIGITS 24

struct taking {
    struct lambda *lambda;        /* whose */
    struct cell *cell;            /* whose depot and blobs */
    struct str zip;               /* the bytes; of the request, or fetched */
    char *fetched;                /* owned; NULL: of the request */
    struct depot_bytes object;    /* where to fetch them; count 0: nowhere */
    uint64_t object_bytes;        /* of it */
    char tmp[PATH_BYTES];         /* the folder in the making; "": none */
    char blob[BLOB_ID_BYTES];     /* id of the blob */
    char sha256[2 * SHA256_BYTES]; /* of the zip, hex */
    uint64_t bytes;               /* unpacked */
    bool written;                 /* the blob is there */
    status went;                  /* how the work ended */
};

/* ---- places ---- */

static void path_of(char out[PATH_BYTES], const char *dir, const char *folder, struct str name)
{
    int bytes = snprintf(out, PATH_BYTES, "%s/%s/%.*s", dir, folder, STR_ARG(name));

    assert(bytes > 0);
    assert(bytes < PATH_BYTES);
}

/* A folder that is nobody else's. */
static void path_of_tmp(char out[PATH_BYTES], const struct lambda *lambda, const char *dir)
{
    static unsigned made;
    char name[64];
    int bytes = snprintf(name, sizeof(name), "%016llx-%u", (unsigned long long)lambda->run,
                         __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED));

    assert(bytes > 0);
    path_of(out, dir, "tmp", str_of(name, (size_t)bytes));
}

static void remove_run(struct cell *cell, void *arg)
{
    (void)cell;
    tree_remove(arg);
    mem_free(arg);
}

static void remove_later(struct cell *cell, const char *path)
{
    cell_spawn(cell, remove_run, mem_dup(path, strlen(path)));
}

/* The folders that packages are put into. */
static status parents_make(const struct lambda *lambda)
{
    static const char *const folders[] = {"code", "layers"};
    const struct files *files = files_real();
    char path[PATH_BYTES];

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        path_of(path, fn_dir(lambda->cell), folders[i], STR("."));
        TRY(files->dir(files->ctx, path, NULL, NULL));
    }
    return OK;
}

/* ---- unpacking ---- */

/* Zips one over another into a new folder of that path. */
static status unpack_into(const char *path, const struct str *zips, size_t count,
                          uint64_t *ret_bytes)
{
    struct tree *tree;
    status went;

    TRY(tree_open(path, &tree));
    went = OK;
    for (size_t i = 0; i < count && went == OK; i++) {
        went = zip_unpack(zips[i], tree, UNZIPPED_BYTES_MAX, ret_bytes);
    }
    if (went == OK) {
        went = tree_sync(tree);
    }
    tree_close(tree);
    if (went != OK) {
        tree_remove(path);
    }
    return went;
}

/* ---- taking ---- */

/* What was held to be fetched. */
static void let_go(const struct taking *taking)
{
    struct blobs *blobs = store_blobs(cell_store(taking->cell));

    for (size_t i = 0; i < taking->object.count; i++) {
        if (taking->object.extents[i].blob.bytes > 0) {
            blobs_unpin(blobs, taking->object.extents[i].blob);
        }
    }
}

static status fetch(struct taking *taking)
{
    status went;

    taking->fetched = mem_try((size_t)taking->object_bytes + 1);
    if (taking->fetched == NULL) {
        let_go(taking);
        return &ERR_FULL; /* no memory: 503 */
    }
    went = bus_fetch(taking->cell, &taking->object, taking->fetched);
    taking->zip = str_of(taking->fetched, (size_t)taking->object_bytes);
    return went;
}

static status write_blob(struct taking *taking)
{
    struct blobs *blobs = store_blobs(cell_store(taking->cell));
    struct blob_writer *writer;
    uint64_t bytes;
    status went;

    TRY(blobs_admit(blobs, taking->zip.bytes));
    TRY(blob_create(blobs, str_of(taking->blob, BLOB_ID_BYTES), &writer));
    went = blob_write(writer, taking->zip);
    if (went != OK) {
        blob_cancel(writer);
        return went;
    }
    TRY(blob_finish(writer, &bytes));
    taking->written = true;
    return OK;
}

static status take_all(struct taking *taking)
{
    uint8_t sum[SHA256_BYTES];

    if (taking->object.count > 0) {
        TRY(fetch(taking));
    }
    sha256(taking->zip, sum);
    hex_encode(str_of(sum, sizeof(sum)), taking->sha256);
    if (taking->tmp[0] != 0) {
        TRY(parents_make(taking->lambda));
        TRY(unpack_into(taking->tmp, &taking->zip, 1, &taking->bytes));
    } else {
        TRY(zip_unpack(taking->zip, NULL, UNZIPPED_BYTES_MAX, &taking->bytes));
    }
    return write_blob(taking);
}

static void take_run(void *arg)
{
    struct taking *taking = arg;

    taking->went = take_all(taking);
    mem_free(taking->fetched);
    taking->fetched = NULL;
}

/* ---- from a bucket ---- */

static status no_object(struct call *c, status found, const struct value *source)
{
    struct str key = get_str(source, "S3Key");

    if (found == &BUS_NO_TARGET) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error "
                           "Message: The specified bucket does not exist");
    }
    if ((found == OK || found == &ERR_CLOSED) && has(source, "S3ObjectVersion")) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Error occurred while GetObject. S3 Error Code: NoSuchVersion. S3 Error "
                           "Message: The specified version does not exist.");
    }
    if (found == OK || found == &ERR_CLOSED) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error "
                           "Message: The specified key does not exist.");
    }
    return lambda_fail(c, &LAMBDA_BAD_VALUE,
                       "Your access has been denied by S3, please make sure your request "
                       "credentials have permission to GetObject for %.*s. S3 Error Code: "
                       "AccessDenied. S3 Error Message: Access Denied", STR_ARG(key));
}

static status take_object(struct call *c, const struct value *source, struct taking *taking)
{
    struct str key = get_str(source, "S3Key");
    struct depot_ask ask = {
        .target = arena_printf(c->arena, "arn:%.*s:s3:::%.*s", STR_ARG(arn_partition(c->region)),
                               STR_ARG(get_str(source, "S3Bucket"))),
        .principal = STR("lambda.amazonaws.com"),
        .account = c->account,
    };
    struct depot_span span = {
        .prefix = key, .count_max = 1, .version = get_str(source, "S3ObjectVersion")};
    struct depot_piece piece;
    size_t count = 0;
    status found = bus_list(c, &ask, &span, &piece.thing, &count);

    if (found != OK || count == 0 || !str_eq(piece.thing.key, key)) {
        return no_object(c, found, source);
    }
    if (piece.thing.bytes > UNZIPPED_BYTES_MAX) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Unzipped size must be smaller than %d bytes",
                           UNZIPPED_BYTES_MAX);
    }
    piece.offset = 0;
    piece.bytes = taking->object_bytes = piece.thing.bytes;
    found = bus_read(c, &ask, &piece, &taking->object);
    return found == OK ? OK : no_object(c, found, source);
}

/* ---- the cell's side ---- */

status package_take(struct call *c, const struct value *source, status (*resume)(struct call *c),
                    struct taking **ret_taking)
{
    struct taking *taking = ARENA_NEW(c->keep, struct taking);
    const char *dir = fn_dir(c->cell);
    uint8_t id[BLOB_ID_BYTES / 2];

    taking->lambda = lambda_of(c);
    taking->cell = c->cell;
    if (has(source, "ZipFile")) {
        taking->zip = get_str(source, "ZipFile");
    } else {
        TRY(take_object(c, source, taking));
    }
    rand_fill(c->rand, id, sizeof(id));
    hex_encode(str_of(id, sizeof(id)), taking->blob);
    if (dir != NULL) {
        path_of_tmp(taking->tmp, lambda_of(c), dir);
    }
    c->why.text[0] = '\0';
    *ret_taking = taking;
    call_work(c, take_run, taking, resume);
    return OK;
}

status package_taken(struct call *c, struct taking *taking, struct package *ret_package)
{
    if (taking->went == OK) {
        *ret_package = (struct package){
            .sha256 = str_of(taking->sha256, sizeof(taking->sha256)),
            .blob = str_of(taking->blob, sizeof(taking->blob)),
            .zip_bytes = taking->zip.bytes,
            .bytes = taking->bytes,
            .unused_ms = c->now,
        };
        return OK;
    }
    package_forget(c, taking);
    if (taking->went == &ERR_LIMIT) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Unzipped size must be smaller than %d bytes",
                           UNZIPPED_BYTES_MAX);
    }
    if (taking->went == &ERR_NOT_FOUND) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Uploaded file must be a non-empty zip");
    }
    if (taking->went == &ERR_MALFORMED) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Could not unzip uploaded file. Please check your file, then try to "
                           "upload again.");
    }
    return fail(c, taking->went, "the package could not be kept");
}

void package_keep(struct call *c, struct taking *taking)
{
    struct package package;
    struct package known;
    status good = package_taken(c, taking, &package);
    const char *dir = fn_dir(c->cell);
    char path[PATH_BYTES];

    assert(good == OK);
    if (package_get(c, package.sha256, &known)) {
        package_forget(c, taking);
        return;
    }
    package.sha256 = arena_dup(c->arena, package.sha256);
    package.blob = arena_dup(c->arena, package.blob);
    txn_blob_keep(c->txn, package.blob);
    taking->written = false;
    package_put(c, &package);
    if (taking->tmp[0] != 0 && dir != NULL) {
        path_of(path, dir, "code", package.sha256);
        if (tree_move(taking->tmp, path) == OK) {
            taking->tmp[0] = 0;
        }
    }
    package_forget(c, taking);
}

void package_forget(struct call *c, struct taking *taking)
{
    if (taking->written) {
        blob_remove(store_blobs(cell_store(c->cell)), str_of(taking->blob, BLOB_ID_BYTES));
        taking->written = false;
    }
    if (taking->tmp[0] != 0) {
        remove_later(c->cell, taking->tmp);
        taking->tmp[0] = 0;
    }
}

/* ---- folders, outside the cell ---- */

static status blob_bytes_read(struct cell *cell, struct str id, struct str *ret_bytes)
{
    struct blobs *blobs = store_blobs(cell_store(cell));
    struct blob *blob;
    size_t got = 0;
    status went;
    size_t bytes;
    char *at;

    TRY(blob_open(blobs, id, &blob));
    bytes = (size_t)blob_bytes(blob);
    at = mem_try(bytes + 1);
    went = at == NULL ? &ERR_LIMIT : blob_read(blob, 0, at, bytes, &got);
    blob_close(blob);
    if (went == OK && got != bytes) {
        went = &ERR_CORRUPT;
    }
    if (went != OK) {
        mem_free(at);
        return went;
    }
    *ret_bytes = str_of(at, bytes);
    return OK;
}

/* Makes a folder of packages one over another; somebody else may have been faster. */
static status folder_make(struct lambda *lambda, const char *path, const struct str *blobs,
                          size_t count)
{
    struct str zips[LAYERS_MAX] = {STR_NONE};
    char tmp[PATH_BYTES];
    uint64_t bytes;
    status went = OK;

    assert(count <= LAYERS_MAX);
    TRY(parents_make(lambda));
    path_of_tmp(tmp, lambda, fn_dir(lambda->cell));
    for (size_t i = 0; i < count && went == OK; i++) {
        went = blob_bytes_read(lambda->cell, blobs[i], &zips[i]);
    }
    if (went == OK) {
        went = unpack_into(tmp, zips, count, &bytes);
    }
    for (size_t i = 0; i < count; i++) {
        mem_free((char *)(uintptr_t)zips[i].at);
    }
    if (went == OK && tree_move(tmp, path) != OK) {
        tree_remove(tmp);
        went = tree_is_there(path) ? OK : &ERR_IO;
    }
    return went;
}

/* The folder of one package, or of several one over another. */
static status folder_find(struct lambda *lambda, char path[PATH_BYTES], const struct str *blobs,
                          size_t count, struct why *why)
{
    status went = OK;

    if (fn_dir(lambda->cell) == NULL) {
        return why_set(why, &ERR_NOT_FOUND, "functions cannot run here");
    }
    if (!tree_is_there(path)) {
        went = folder_make(lambda, path, blobs, count);
    }
    return went == OK ? OK : why_set(why, went, "a package cannot be unpacked (%s)", went->code);
}

static status one_folder(struct lambda *lambda, struct str sha256_hex, struct str blob,
                         struct why *why, char path[PATH_BYTES])
{
    path_of(path, fn_dir(lambda->cell), "code", sha256_hex);
    return folder_find(lambda, path, &blob, 1, why);
}

status code_folder(struct lambda *lambda, const struct version *version, struct arena *arena,
                   struct why *why, struct str *ret_path)
{
    char path[PATH_BYTES];

    TRY(one_folder(lambda, version->code, version->code_blob, why, path));
    *ret_path = arena_dup(arena, str_c(path));
    return OK;
}

status layers_folder(struct lambda *lambda, const struct version *version, struct arena *arena,
                     struct why *why, struct str *ret_path)
{
    char name[(LAYER_DIGITS + 1) * LAYERS_MAX];
    char path[PATH_BYTES];
    size_t bytes = 0;

    if (version->layer_count == 0) {
        *ret_path = STR_NONE;
        return OK;
    }
    if (version->layer_count == 1) {
        TRY(one_folder(lambda, version->layers[0], version->layer_blobs[0], why, path));
        *ret_path = arena_dup(arena, str_c(path));
        return OK;
    }
    for (size_t i = 0; i < version->layer_count; i++) {
        memcpy(name + bytes, version->layers[i].at, LAYER_DIGITS);
        bytes += LAYER_DIGITS;
        name[bytes++] = '-';
    }
    path_of(path, fn_dir(lambda->cell), "layers", str_of(name, bytes - 1));
    TRY(folder_find(lambda, path, version->layer_blobs, version->layer_count, why));
    *ret_path = arena_dup(arena, str_c(path));
    return OK;
}

/* ---- sweeping ---- */

#define SWEEP_MAX 1000 /* packages looked at in one tick */

struct sweep {
    struct call *call;           /* the tick's */
    const char *dir;             /* of the engine */
    const char *folder;          /* "code", "layers", "tmp" */
};

/* Out of the way at once (whoever asks finds nothing, or something whole), removed later. */
static void folder_drop(struct call *c, const char *path)
{
    char tmp[PATH_BYTES];

    path_of_tmp(tmp, lambda_of(c), fn_dir(c->cell));
    if (tree_move(path, tmp) == OK) {
        remove_later(c->cell, tmp);
    }
}

static bool is_wanted(const struct sweep *sweep, struct str name)
{
    struct lambda *lambda = lambda_of(sweep->call);

    if (strcmp(sweep->folder, "tmp") == 0) { /* in the making now, or left from before */
        return str_starts(name, arena_printf(sweep->call->arena, "%016llx",
                                             (unsigned long long)lambda->run));
    }
    while (name.at != NULL) {
        struct str digits = str_split(&name, '-');

        if (!package_known(sweep->call, digits)) {
            return false;
        }
    }
    return true;
}

static void sweep_one(void *arg, const char *name)
{
    const struct sweep *sweep = arg;
    char path[PATH_BYTES];

    if (!is_wanted(sweep, str_c(name))) {
        path_of(path, sweep->dir, sweep->folder, str_c(name));
        if (strcmp(sweep->folder, "tmp") == 0) {
            remove_later(sweep->call->cell, path);
        } else {
            folder_drop(sweep->call, path);
        }
    }
}

static void folders_sweep(struct call *c, const char *folder)
{
    struct sweep sweep = {.call = c, .dir = fn_dir(c->cell), .folder = folder};
    const struct files *files = files_real();
    char path[PATH_BYTES];

    path_of(path, sweep.dir, folder, STR("."));
    (void)files->dir(files->ctx, path, sweep_one, &sweep);
}

/* Its folders, too; a layer may lie in several. */
static void package_gone(struct call *c, const struct package *package)
{
    char path[PATH_BYTES];

    txn_blob_drop(c->txn, package->blob);
    package_erase(c, package->sha256);
    if (fn_dir(c->cell) != NULL) {
        path_of(path, fn_dir(c->cell), "code", package->sha256);
        folder_drop(c, path);
    }
}

/* The packages behind where the tick before stopped; how many went. */
static size_t rows_sweep(struct call *c)
{
    struct lambda *lambda = lambda_of(c);
    struct str after = str_of(lambda->swept, lambda->swept_any ? sizeof(lambda->swept) : 0);
    struct package_scan *scan = package_scan(c, after);
    struct package package;
    size_t seen = 0;
    size_t gone = 0;

    lambda->swept_any = false;
    while (package_scan_next(scan, &package)) {
        if (package.holders == 0 && c->now - package.unused_ms >= PACKAGE_KEPT_MS) {
            package_gone(c, &package);
            gone++;
        }
        if (++seen == SWEEP_MAX) {
            memcpy(lambda->swept, package.sha256.at, sizeof(lambda->swept));
            lambda->swept_any = true;
            break;
        }
    }
    package_scan_close(scan);
    return gone;
}

void packages_sweep(struct call *c)
{
    struct lambda *lambda = lambda_of(c);
    size_t gone = rows_sweep(c);

    if (fn_dir(c->cell) == NULL) {
        return;
    }
    if (gone > 0 || !lambda->swept_folders) {
        folders_sweep(c, "layers");
    }
    if (!lambda->swept_folders) {
        folders_sweep(c, "code");
        folders_sweep(c, "tmp");
        lambda->swept_folders = true;
    }
}
