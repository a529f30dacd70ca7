/* SPDX-License-Identifier: Apache-2.0
 *
 * Packing. An archive of the same files is the same bytes (names sorted, one moment for all), so
 * what did not change has the name that it had, and nothing is sent. It is not compressed: the way
 * is short, and squeezing it was most of a deployment's time.
 */
#include "cli/pack.h"

#include "base/digest.h"
#include "base/mem.h"
#include "cli/aws.h"
#include "svc/cloudformation/template.h"
#include "sys/file.h"
#include "sys/walk.h"
#include "wire/document.h"

#include <stdio.h>
#include <zip.h>

#define PATH_BYTES_MAX 4096
#define NESTED_MAX 10                     /* templates in one another */
#define ARCHIVE_MOMENT 315619200          /* 1980-01-02, which every time zone can say in a ZIP */
#define MODE_FILE (((zip_uint32_t)0100644) << 16)
#define MODE_RUNS (((zip_uint32_t)0100755) << 16)

/* How a template says where something is. */
enum place_form {
    FORM_S3_URI,      /* s3://bucket/key */
    FORM_CODE,        /* {S3Bucket, S3Key} */
    FORM_LOCATION,    /* {Bucket, Key} */
    FORM_TEMPLATE,    /* https://s3…/bucket/key, of a template that is packed itself */
};

struct packed_property {
    const char *type;      /* of the resource */
    const char *property;  /* of it */
    enum place_form form;  /* what it becomes */
    bool archive;          /* a file that is no archive is put in one */
};

static const struct packed_property packed[] = {
    {"AWS::Lambda::Function", "Code", FORM_CODE, true},
    {"AWS::Lambda::LayerVersion", "Content", FORM_CODE, true},
    {"AWS::Serverless::Function", "CodeUri", FORM_S3_URI, true},
    {"AWS::Serverless::LayerVersion", "ContentUri", FORM_S3_URI, true},
    {"AWS::Serverless::Api", "DefinitionUri", FORM_S3_URI, false},
    {"AWS::Serverless::HttpApi", "DefinitionUri", FORM_S3_URI, false},
    {"AWS::Serverless::StateMachine", "DefinitionUri", FORM_S3_URI, false},
    {"AWS::ApiGateway::RestApi", "BodyS3Location", FORM_LOCATION, false},
    {"AWS::ApiGatewayV2::Api", "BodyS3Location", FORM_LOCATION, false},
    {"AWS::StepFunctions::StateMachine", "DefinitionS3Location", FORM_LOCATION, false},
    {"AWS::CloudFormation::Stack", "TemplateURL", FORM_TEMPLATE, false},
    {"AWS::Serverless::Application", "Location", FORM_TEMPLATE, false},
};

static int pack_at(struct pack *pack, const char *path, int depth, struct value *ret_document);

/* ---- reading ---- */

static void look(struct pack *pack, const struct walked *one)
{
    pack->newest_ns = one->changed_ns > pack->newest_ns ? one->changed_ns : pack->newest_ns;
}

static int file_whole(struct pack *pack, const char *path, struct str *ret_content)
{
    struct file *file = NULL;
    struct walked about;
    char *at = NULL;
    size_t got = 0;

    if (walk_file(path, &about) != OK || about.bytes > PACK_BYTES_MAX ||
        file_open(files_real(), path, FILE_READ, &file) != OK) {
        return trouble(pack->args, "%s cannot be read. Is the path right?", path);
    }
    look(pack, &about);
    at = arena_try(pack->arena, about.bytes + 1);
    if (at == NULL || file_read(file, 0, at, about.bytes, &got) != OK) {
        file_close(file);
        return trouble(pack->args, "%s cannot be read.", path);
    }
    file_close(file);
    *ret_content = str_of(at, got);
    return EXIT_GOOD;
}

/* ---- archives ---- */

struct archiving {
    struct pack *pack;   /* whose */
    zip_t *zip;          /* being made */
    bool failed;         /* something could not be put in */
};

static void archive_add(void *arg, const struct walked *one)
{
    struct archiving *archiving = arg;
    char name[PATH_BYTES_MAX];
    zip_source_t *source = zip_source_file(archiving->zip, one->path, 0, -1);
    zip_int64_t index = -1;

    look(archiving->pack, one);
    (void)snprintf(name, sizeof(name), "%.*s", STR_ARG(one->name));
    if (source != NULL) {
        index = zip_file_add(archiving->zip, name, source, ZIP_FL_ENC_UTF_8);
    }
    if (index < 0) {
        zip_source_free(source);
        archiving->failed = true;
        return;
    }
    (void)zip_set_file_compression(archiving->zip, (zip_uint64_t)index, ZIP_CM_STORE, 0);
    (void)zip_file_set_mtime(archiving->zip, (zip_uint64_t)index, ARCHIVE_MOMENT, 0);
    (void)zip_file_set_external_attributes(archiving->zip, (zip_uint64_t)index, 0,
                                           ZIP_OPSYS_UNIX, one->runs ? MODE_RUNS : MODE_FILE);
}

static bool source_whole(zip_source_t *source, struct arena *arena, struct str *ret_content)
{
    zip_stat_t about;
    char *at = NULL;
    zip_int64_t got = -1;

    if (zip_source_stat(source, &about) != 0 || about.size > PACK_BYTES_MAX ||
        zip_source_open(source) != 0) {
        return false;
    }
    at = arena_try(arena, about.size + 1);
    if (at != NULL) {
        got = zip_source_read(source, at, about.size);
    }
    (void)zip_source_close(source);
    *ret_content = str_of(at, about.size);
    return got == (zip_int64_t)about.size;
}

/* A folder's files, or one file, as an archive. */
static int archive_make(struct pack *pack, const char *path, struct str *ret_content)
{
    zip_error_t error;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    struct archiving archiving = {
        .pack = pack,
        .zip = source == NULL ? NULL : zip_open_from_source(source, ZIP_TRUNCATE, &error),
    };
    struct walked one;
    bool good = archiving.zip != NULL;

    if (good) {
        zip_source_keep(source);
        if (walk_is_folder(path)) {
            good = walk_folder(path, archive_add, &archiving) == OK;
        } else if (walk_file(path, &one) == OK) {
            while (str_find(one.name, '/', 0) < one.name.bytes) {
                (void)str_split(&one.name, '/');
            }
            archive_add(&archiving, &one);
        }
        good = good && !archiving.failed && zip_get_num_entries(archiving.zip, 0) > 0;
        if (!good || zip_close(archiving.zip) != 0) {
            zip_discard(archiving.zip);
            good = false;
        }
    }
    good = good && source_whole(source, pack->arena, ret_content);
    zip_source_free(source);
    return good ? EXIT_GOOD
                : trouble(pack->args, "%s cannot be packed. Is it there, with files in it?", path);
}

/* ---- putting it there ---- */

struct str pack_key(struct arena *arena, struct str content, const char *ending)
{
    uint8_t hash[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];

    sha256(content, hash);
    for (size_t i = 0; i < SHA256_BYTES / 2; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    }
    return arena_printf(arena, "%s%s", hex, ending);
}

static struct value location(struct pack *pack, const char *bucket, const char *key_name,
                             struct str key)
{
    struct value *map = doc_map(pack->arena);

    doc_put_text(pack->arena, map, bucket, pack->bucket);
    doc_put_text(pack->arena, map, key_name, key);
    return *map;
}

static struct value place_of(struct pack *pack, enum place_form form, struct str key)
{
    struct str text = STR_NONE;

    switch (form) {
    case FORM_CODE:
        return location(pack, "S3Bucket", "S3Key", key);
    case FORM_LOCATION:
        return location(pack, "Bucket", "Key", key);
    case FORM_TEMPLATE:
        text = arena_printf(pack->arena, "https://s3.%s.amazonaws.com/%.*s/%.*s",
                            default_region(), STR_ARG(pack->bucket), STR_ARG(key));
        break;
    case FORM_S3_URI:
        text = arena_printf(pack->arena, "s3://%.*s/%.*s", STR_ARG(pack->bucket), STR_ARG(key));
        break;
    }
    return (struct value){.kind = VALUE_STR, .str = text};
}

static bool is_archive(const char *path)
{
    return str_ends(str_c(path), STR(".zip")) || str_ends(str_c(path), STR(".jar"));
}

static int content_of(struct pack *pack, const struct packed_property *about, const char *path,
                      int depth, struct str *ret_content)
{
    struct value document;
    int done;

    if (about->form == FORM_TEMPLATE) {
        done = pack_at(pack, path, depth + 1, &document);
        *ret_content = done == EXIT_GOOD ? doc_json(pack->arena, &document) : STR_NONE;
        return done;
    }
    return about->archive && !is_archive(path) ? archive_make(pack, path, ret_content)
                                               : file_whole(pack, path, ret_content);
}

static bool is_remote(struct str text)
{
    return str_starts(text, STR("s3://")) || str_starts(text, STR("https://")) ||
           str_starts(text, STR("http://"));
}

/* A path that a template in that folder names. */
static void path_below(const char *folder, struct str name, char out[PATH_BYTES_MAX])
{
    bool absolute = str_starts(name, STR("/"));

    (void)snprintf(out, PATH_BYTES_MAX, "%s%s%.*s", absolute ? "" : folder, absolute ? "" : "/",
                   STR_ARG(str_slice(name, 0, 2048)));
}

static int property_pack(struct pack *pack, const struct packed_property *about,
                         const char *folder, int depth, struct value *property)
{
    char path[PATH_BYTES_MAX];
    const char *ending = about->form == FORM_TEMPLATE ? ".template" : "";
    struct str content;
    struct str key;
    int done;

    if (property->kind != VALUE_STR || is_remote(property->str)) {
        return EXIT_GOOD;
    }
    path_below(folder, property->str, path);
    done = content_of(pack, about, path, depth, &content);
    if (done != EXIT_GOOD) {
        return done;
    }
    key = pack_key(pack->arena, content, ending);
    pack->uploads++;
    *property = place_of(pack, about->form, key);
    return pack->bucket.bytes == 0
               ? EXIT_GOOD
               : aws_upload(pack->args, pack->bucket, key, content, pack->arena);
}

/* ---- templates ---- */

static int resource_pack(struct pack *pack, const char *folder, int depth,
                         const struct value *resource)
{
    struct str type = doc_text(pack->arena, doc_get(resource, "Type"));
    const struct value *properties = doc_get(resource, "Properties");
    int done = EXIT_GOOD;

    for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]) && done == EXIT_GOOD; i++) {
        if (properties == NULL || properties->kind != VALUE_MAP ||
            !str_eq(type, str_c(packed[i].type))) {
            continue;
        }
        for (uint32_t k = 0; k < properties->count && done == EXIT_GOOD; k++) {
            if (str_eq(properties->pairs[k].key, str_c(packed[i].property))) {
                done = property_pack(pack, &packed[i], folder, depth,
                                     &properties->pairs[k].value);
            }
        }
    }
    return done;
}

/* AWS::Include's Location, wherever it stands. */
static int includes_pack(struct pack *pack, const char *folder, int depth, struct value *at)
{
    static const struct packed_property include = {"", "Location", FORM_S3_URI, false};
    const struct value *name = doc_get(at, "Name");
    const struct value *parameters = doc_get(at, "Parameters");
    int done = EXIT_GOOD;

    if (depth > 80) {
        return EXIT_GOOD;
    }
    for (uint32_t i = 0; at->kind == VALUE_LIST && i < at->count && done == EXIT_GOOD; i++) {
        done = includes_pack(pack, folder, depth + 1, &at->items[i]);
    }
    for (uint32_t i = 0; at->kind == VALUE_MAP && i < at->count && done == EXIT_GOOD; i++) {
        done = includes_pack(pack, folder, depth + 1, &at->pairs[i].value);
    }
    if (name == NULL || !str_eq(doc_text(pack->arena, name), STR("AWS::Include"))) {
        return done;
    }
    for (uint32_t i = 0; parameters != NULL && parameters->kind == VALUE_MAP &&
                         i < parameters->count && done == EXIT_GOOD; i++) {
        if (str_eq(parameters->pairs[i].key, STR("Location"))) {
            done = property_pack(pack, &include, folder, 0, &parameters->pairs[i].value);
        }
    }
    return done;
}

static void folder_of(const char *path, char out[PATH_BYTES_MAX])
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        (void)snprintf(out, PATH_BYTES_MAX, ".");
    } else {
        (void)snprintf(out, PATH_BYTES_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    }
}

static int pack_at(struct pack *pack, const char *path, int depth, struct value *ret_document)
{
    const struct value *resources = NULL;
    char folder[PATH_BYTES_MAX];
    struct str text;
    struct why why = {""};
    int done = file_whole(pack, path, &text);

    if (done != EXIT_GOOD) {
        return done;
    }
    if (depth > NESTED_MAX) {
        return trouble(pack->args, "%s: templates are nested too deeply.", path);
    }
    if (template_document(text, pack->arena, &why, ret_document) != OK) {
        return trouble(pack->args, "%s: %s", path, why.text);
    }
    folder_of(path, folder);
    resources = doc_get(ret_document, "Resources");
    for (uint32_t i = 0; resources != NULL && resources->kind == VALUE_MAP &&
                         i < resources->count && done == EXIT_GOOD; i++) {
        done = resource_pack(pack, folder, depth, &resources->pairs[i].value);
    }
    return done == EXIT_GOOD ? includes_pack(pack, folder, 0, ret_document) : done;
}

int pack_template(struct pack *pack, const char *path, struct value *ret_document)
{
    return pack_at(pack, path, 0, ret_document);
}

/* ---- looking ---- */

static void look_at(void *arg, const struct walked *one)
{
    look(arg, one);
}

/* Of a template, what resources of it name. */
static void look_template(struct pack *pack, const char *path, int depth)
{
    const struct value *resources = NULL;
    char folder[PATH_BYTES_MAX];
    struct value document;
    struct walked one;
    struct str text;
    struct why why;

    if (depth > NESTED_MAX || walk_file(path, &one) != OK ||
        file_whole(pack, path, &text) != EXIT_GOOD ||
        template_document(text, pack->arena, &why, &document) != OK) {
        return;
    }
    folder_of(path, folder);
    resources = doc_get(&document, "Resources");
    for (uint32_t i = 0; resources != NULL && i < resources->count; i++) {
        const struct value *properties = doc_get(&resources->pairs[i].value, "Properties");

        for (size_t k = 0; k < sizeof(packed) / sizeof(packed[0]); k++) {
            struct str name = doc_text(pack->arena, doc_get(properties, packed[k].property));
            char below[PATH_BYTES_MAX];

            if (name.bytes == 0 || is_remote(name)) {
                continue;
            }
            path_below(folder, name, below);
            if (packed[k].form == FORM_TEMPLATE) {
                look_template(pack, below, depth + 1);
            } else if (walk_is_folder(below)) {
                (void)walk_folder(below, look_at, pack);
            } else if (walk_file(below, &one) == OK) {
                look(pack, &one);
            }
        }
    }
}

int64_t pack_newest(const struct args *args, const char *path)
{
    struct pack pack = {.args = args, .arena = arena_new(PACK_BYTES_MAX)};

    look_template(&pack, path, 0);
    arena_free(pack.arena);
    return pack.newest_ns;
}
