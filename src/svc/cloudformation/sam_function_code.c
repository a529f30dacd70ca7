/* SPDX-License-Identifier: Apache-2.0
 *
 * A function's code, and the version and alias that are published of it. A version's id has a hash
 * of the code's place (and of what else makes a new version) at its end: a new place is a new
 * resource, and the old version stays.
 */
#include "svc/cloudformation/sam_function.h"

/* ---- where code is ---- */

struct value sam_s3_pointer(struct sam *s, const struct value *uri)
{
    struct str text = node_text(uri);
    struct str query;
    struct str key;
    size_t slash;
    struct value version = {.kind = VALUE_NONE};

    if (!str_starts_nocase(text, STR("s3://"))) {
        return version;
    }
    query = str_slice(text, 5, str_find(text, '#', 0));
    key = str_split(&query, '?');
    slash = str_find(key, '/', 0);
    if (slash == 0 || slash == key.bytes) {
        return version;
    }
    while (query.bytes > 0) {
        struct str pair = str_split(&query, '&');

        if (str_starts(pair, STR("versionId=")) && pair.bytes > 10) {
            version = node_str(str_slice(pair, 10, pair.bytes));
        }
    }
    text = str_slice(key, slash, key.bytes);
    while (text.bytes > 0 && text.at[0] == '/') {
        text = str_slice(text, 1, text.bytes);
    }
    return node_make(s->arena, "{Bucket: %s, Key: %s, Version: %v}", str_slice(key, 0, slash), text,
                     &version);
}

struct value sam_s3_location(struct sam *s, struct str id, const struct value *uri,
                             const char *property)
{
    struct value at = {.kind = VALUE_NONE};

    if (node_is(uri, VALUE_MAP)) {
        at = *uri;
        if (!node_true(node_get(uri, "Bucket")) || !node_true(node_get(uri, "Key"))) {
            sam_refuse(s, id, "'%s' requires Bucket and Key properties to be specified.",
                       property);
        }
    } else if (!node_is(uri, VALUE_STR)) {
        sam_refuse(s, id, "'%s' must be of type dict or string.", property);
    } else {
        at = sam_s3_pointer(s, uri);
        if (at.kind == VALUE_NONE && s->place->keeps_paths) {
            return *uri;
        }
        if (at.kind == VALUE_NONE) {
            sam_refuse(s, id,
                       "'%s' is not a valid S3 Uri of the form 's3://bucket/key' with optional "
                       "versionId query parameter.",
                       property);
        }
    }
    return node_make(s->arena,
                     "{S3Bucket: %v, S3Key: %v, S3ObjectVersion: %v, S3ObjectStorageMode: %v}",
                     node_get(&at, "Bucket"), node_get(&at, "Key"), node_get(&at, "Version"),
                     node_get(&at, "StorageMode"));
}

static struct value zip_code(struct sam *s)
{
    const struct value *text = sam_property(s, "InlineCode");
    const struct value *uri = sam_property(s, "CodeUri");
    const struct value *key = sam_property(s, "SourceKMSKeyArn");
    struct value code;

    if (text == NULL && uri == NULL) {
        sam_refuse(s, s->id, "Only one of 'InlineCode' or 'CodeUri' can be set.");
        return node_map();
    }
    code = text != NULL ? node_make(s->arena, "{ZipFile: %v}", text)
                        : sam_s3_location(s, s->id, uri, "CodeUri");
    if (node_true(key) && code.kind == VALUE_MAP) {
        node_put(s->arena, &code, "SourceKMSKeyArn", *key);
    }
    return code;
}

struct value sam_function_code(struct sam *s)
{
    const struct value *package = sam_property(s, "PackageType");
    const struct value *image = sam_property(s, "ImageUri");

    if (!node_true(package) || node_is_text(package, "Zip")) {
        return zip_code(s);
    }
    if (!node_is_text(package, "Image")) {
        sam_refuse(s, s->id, "invalid 'PackageType' : %.*s",
                   STR_ARG(node_shown(s->arena, package)));
    } else if (image == NULL) {
        sam_refuse(s, s->id, "'ImageUri' must be set.");
    } else if (!node_true(image)) {
        sam_refuse(s, s->id, "'ImageUri' requires that a image hosted at a registry be "
                             "specified.");
    }
    return node_make(s->arena, "{ImageUri: %v}", image);
}

/* ---- a version ---- */

/* Layers that want a new version of the functions that use them. */
static void add_layers(struct sam *s, const struct sam_made *function, struct value *what)
{
    const struct value *layers = node_get(&function->properties, "Layers");

    for (uint32_t i = 0; node_is(layers, VALUE_LIST) && i < layers->count; i++) {
        struct str id = node_named(&layers->items[i]);
        const struct value *layer = node_get(node_find(s->resources, id), "Properties");

        if (id.at != NULL && node_true(node_get(layer, "PublishLambdaVersion"))) {
            node_set(s->arena, what, id, layer);
        }
    }
}

/* What a new version depends on. */
static struct value version_of(struct sam *s, struct sam_made *function)
{
    struct value *code = node_get(&function->properties, "Code");
    const struct value *memory = node_get(&function->properties, "MemorySize");
    const struct value *snap = node_get(&function->properties, "SnapStart");
    const struct value *applies = node_get(snap, "ApplyOn");
    struct value what = node_map();

    sam_resolve(s, code);
    if (node_true(sam_property(s, "AutoPublishAliasAllProperties"))) {
        node_update(s->arena, &what, &function->properties);
        add_layers(s, function, &what);
        return what;
    }
    node_update(s->arena, &what, code);
    node_update(s->arena, &what, node_get(&function->properties, "Environment"));
    if (node_true(memory)) {
        node_put(s->arena, &what, "MemorySize", *memory);
    }
    if (node_true(snap) && applies != NULL && !node_is_text(applies, "None")) {
        node_put(s->arena, &what, "SnapStart", *snap);
    }
    return what;
}

static struct sam_made *make_version(struct sam *s, struct sam_made *function,
                                     const struct value *sum)
{
    struct value what = version_of(s, function);
    struct str hash = node_is(sum, VALUE_STR) && sum->str.bytes > 0
                          ? str_slice(sum->str, 0, 10)
                          : node_hash_of(s->arena, &what);
    struct sam_made *made = sam_make(s, arena_printf(s->arena, "%.*sVersion%.*s", STR_ARG(s->id),
                                                     STR_ARG(hash)),
                                     "AWS::Lambda::Version", &s->passed);
    const struct value *keep = sam_property(s, "VersionDeletionPolicy");
    bool capacity = sam_property(s, "CapacityProviderConfig") != NULL;

    if (!node_has(&made->attributes, "DeletionPolicy")) {
        node_put(s->arena, &made->attributes, "DeletionPolicy",
                 keep != NULL ? *keep : node_c(capacity ? "Delete" : "Retain"));
    }
    sam_put(s, made, "FunctionName", sam_ref(s, s->id));
    sam_set(s, made, "Description", sam_property(s, "VersionDescription"));
    if (capacity) {
        sam_take(s, made, "FunctionScalingConfig");
    }
    return made;
}

/* ---- an alias ---- */

static bool is_alias_name(struct str name)
{
    bool digits = true;

    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.at[i];
        bool digit = c >= '0' && c <= '9';

        digits = digits && digit;
        if (!digit && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-' && c != '_') {
            return false;
        }
    }
    return name.bytes > 0 && !digits;
}

/* A name as a part of an id: "-" is D, "_" is U. */
static struct str in_id(struct sam *s, struct str name)
{
    char *made = arena_alloc(s->arena, name.bytes + 1);

    for (size_t i = 0; i < name.bytes; i++) {
        made[i] = name.at[i] == '-' ? 'D' : name.at[i] == '_' ? 'U' : name.at[i];
    }
    return str_of(made, name.bytes);
}

static struct sam_made *make_alias(struct sam *s, struct str name, struct str version)
{
    struct sam_made *made = sam_make(s, arena_printf(s->arena, "%.*sAlias%.*s", STR_ARG(s->id),
                                                     STR_ARG(in_id(s, name))),
                                     "AWS::Lambda::Alias", &s->passed);

    if (!is_alias_name(name)) {
        sam_refuse(s, s->id,
                   "AutoPublishAlias name ('%.*s') must contain only alphanumeric characters, "
                   "hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.",
                   STR_ARG(name));
    }
    sam_put(s, made, "Name", node_str(name));
    sam_put(s, made, "FunctionName", sam_ref(s, s->id));
    sam_put(s, made, "FunctionVersion", sam_attribute(s, version, "Version"));
    if (node_true(sam_property(s, "ProvisionedConcurrencyConfig"))) {
        sam_take(s, made, "ProvisionedConcurrencyConfig");
    }
    return made;
}

/* The code's sum goes into the description: without a change of the function itself Lambda
 * publishes nothing. */
static void describe(struct sam *s, struct sam_made *function, const struct value *sum)
{
    struct value text = sam_resolved(s, sam_property(s, "Description"));

    if (!node_true(&text)) {
        sam_put(s, function, "Description", *sum);
    } else if (text.kind == VALUE_STR) {
        sam_put(s, function, "Description",
                node_str(arena_printf(s->arena, "%.*s %.*s", STR_ARG(text.str),
                                      STR_ARG(sum->str))));
    } else {
        sam_put(s, function, "Description",
                node_make(s->arena, "{'Fn::Join': [' ', [%v, %v]]}", &text, sum));
    }
}

struct sam_made *sam_function_alias(struct sam *s, struct sam_made *function)
{
    const struct value *given = sam_property(s, "AutoPublishAlias");
    struct value sum = sam_resolved(s, sam_property(s, "AutoPublishCodeSha256"));
    struct value name = sam_resolved(s, given);
    struct sam_made *version;

    if (!node_true(given)) {
        return NULL;
    }
    if (name.kind != VALUE_STR) {
        sam_refuse(s, s->id,
                   "'AutoPublishAlias' must be a string or a Ref to a template parameter");
        return NULL;
    }
    if (node_true(sam_property(s, "AutoPublishCodeSha256"))) {
        if (sum.kind != VALUE_STR) {
            sam_refuse(s, s->id, "AutoPublishCodeSha256 must be a string");
            return NULL;
        }
        describe(s, function, &sum);
    }
    version = make_version(s, function, &sum);
    if (name.str.bytes == 0) {
        sam_refuse(s, s->id, "Alias name is required to create an alias");
    }
    return make_alias(s, name.str, version->id);
}
