/* SPDX-License-Identifier: Apache-2.0
 *
 * Code of a template's functions: objects of a bucket as they are, source text packed.
 */
#include "svc/lambda/cfn.h"

#include "base/digest.h"

#include <assert.h>

#define INLINE_BYTES_MAX (4u << 20)
#define FILES_MAX 4

/* ---- zips ---- */

struct zipping {
    char *at;     /* where the next byte goes */
};

static void put(struct zipping *zip, uint32_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        *zip->at++ = (char)(number >> (8 * i));
    }
}

static void put_text(struct zipping *zip, struct str text)
{
    memcpy(zip->at, text.at, text.bytes);
    zip->at += text.bytes;
}

/* What the file's header and the directory's entry have in common, from the version on. */
static void put_about(struct zipping *zip, const struct cfn_file *file)
{
    put(zip, 20, 2);     /* version needed */
    put(zip, 0, 2);      /* flags */
    put(zip, 0, 2);      /* stored */
    put(zip, 0, 2);      /* midnight */
    put(zip, 0x21, 2);   /* of 1980-01-01 */
    put(zip, crc32(0, file->text), 4);
    put(zip, (uint32_t)file->text.bytes, 4);
    put(zip, (uint32_t)file->text.bytes, 4);
    put(zip, (uint32_t)strlen(file->name), 2);
    put(zip, 0, 2);      /* extra */
}

struct str cfn_zip(struct arena *arena, const struct cfn_file *files, size_t count)
{
    uint32_t places[FILES_MAX];
    size_t bytes = 22;
    struct zipping zip;
    char *begin;
    char *directory;

    assert(count <= FILES_MAX);
    for (size_t i = 0; i < count; i++) {
        bytes += 30 + 46 + 2 * strlen(files[i].name) + files[i].text.bytes;
    }
    begin = zip.at = arena_alloc(arena, bytes);
    for (size_t i = 0; i < count; i++) {
        places[i] = (uint32_t)(zip.at - begin);
        put(&zip, 0x04034b50, 4);
        put_about(&zip, &files[i]);
        put_text(&zip, str_c(files[i].name));
        put_text(&zip, files[i].text);
    }
    directory = zip.at;
    for (size_t i = 0; i < count; i++) {
        put(&zip, 0x02014b50, 4);
        put(&zip, 0x0314, 2);       /* made on a system with modes */
        put_about(&zip, &files[i]);
        put(&zip, 0, 2);            /* comment */
        put(&zip, 0, 2);            /* disk */
        put(&zip, 0, 2);            /* of no kind */
        put(&zip, 0100644u << 16, 4);
        put(&zip, places[i], 4);
        put_text(&zip, str_c(files[i].name));
    }
    bytes = (size_t)(zip.at - directory);
    put(&zip, 0x06054b50, 4);
    put(&zip, 0, 4);
    put(&zip, (uint32_t)count, 2);
    put(&zip, (uint32_t)count, 2);
    put(&zip, (uint32_t)bytes, 4);
    put(&zip, (uint32_t)(directory - begin), 4);
    put(&zip, 0, 2);
    return str_of(begin, (size_t)(zip.at - begin));
}

/* ---- Code ---- */

static status zip_inline(struct resource *r, struct str text, struct str *ret_zip)
{
    struct str runtime = resource_str(r, "Runtime");
    bool node = str_starts(runtime, STR("nodejs"));
    struct cfn_file files[2] = {
        {node ? "index.js" : "index.py", text},
        {node ? "cfn-response.js" : "cfnresponse.py",
         str_c(node ? cfn_response_js : cfn_response_py)}};

    if (!node && !str_starts(runtime, STR("python"))) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "ZipFile can only be used when Runtime is set to either of nodejs, "
                             "python; it is %.*s", STR_ARG(str_slice(runtime, 0, 64)));
    }
    if (text.bytes > INLINE_BYTES_MAX) {
        return resource_fail(r, &RESOURCE_INVALID, "ZipFile is larger than 4 MiB");
    }
    *ret_zip = cfn_zip(r->c->arena, files, 2);
    return OK;
}

status cfn_code_set(struct resource *r, struct value *code)
{
    const struct value *given = resource_get(r, "Code");
    struct arena *arena = r->c->arena;

    if (given->kind != VALUE_MAP) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Properties validation failed for resource %.*s with message:\n"
                             "#/Code: expected type: JSONObject", STR_ARG(r->logical_id));
    }
    for (uint32_t i = 0; i < given->count; i++) {
        struct str key = arena_dup(arena, given->pairs[i].key);
        struct str text = doc_text(arena, &given->pairs[i].value);

        if (str_eq(key, STR("ZipFile"))) {
            struct str zip;

            TRY(zip_inline(r, text, &zip));
            set_blob(code, "ZipFile", zip);
        } else if (str_eq(key, STR("S3Bucket")) || str_eq(key, STR("S3Key")) ||
                   str_eq(key, STR("S3ObjectVersion"))) {
            set_str(code, key.at, text);
        } else if (str_eq(key, STR("SourceKMSKeyArn"))) {
            set_str(code, "SourceKMSKeyArn", text);
        } else {
            return resource_fail(r, &RESOURCE_INVALID, "Encountered unsupported property %.*s",
                                 STR_ARG(str_slice(key, 0, 128)));
        }
    }
    return OK;
}
