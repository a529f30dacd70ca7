/* SPDX-License-Identifier: Apache-2.0
 *
 * FSx: file systems.
 */
#include "svc/fsx/fsx.h"

#include "cell/record.h"

static void system_tell(struct resource *r, const struct value *item)
{
    (void)item;
    resource_attribute(r, "LustreMountName", STR("fsx"));
    resource_attribute(r, "RootVolumeId", STR(""));
}

/* ---- kinds ---- */

static const struct error not_found = {"FileSystemNotFound", NULL, 400, false};

static const struct record_kind system = {
    .name = "file-system", .service = "fsx", .describe = "DescribeFileSystems",
    .path = "FileSystems", .id = "FileSystemId", .id_form = "fs-${hex17}",
    .about = "{\"OwnerId\":\"${account}\",\"Lifecycle\":\"AVAILABLE\",\"StorageType\":"
             "\"SSD\",\"DNSName\":\"${id}.fsx.${region}.amazonaws.com\",\"ResourceARN\":"
             "\"arn:aws:fsx:${region}:${account}:file-system/${id}\",\"CreationTime\":"
             "\"${now}\"}",
    .missing = &not_found, .missing_words = "File system '%.*s' does not exist.",
    .tell = system_tell,
};

/* ---- types ---- */

static const struct resource_property file_system_properties[] = {
    {"BackupId", "", RESOURCE_REPLACES, 0},
    {"FileSystemType", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"FileSystemTypeVersion", NULL, RESOURCE_REPLACES, 0},
    {"KmsKeyId", NULL, RESOURCE_REPLACES, 0},
    {"LustreConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"NetworkType", NULL, RESOURCE_IN_PLACE, 0},
    {"OntapConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"OpenZFSConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"SecurityGroupIds", "", RESOURCE_REPLACES, 0},
    {"StorageCapacity", NULL, RESOURCE_IN_PLACE, 0},
    {"StorageType", NULL, RESOURCE_IN_PLACE, 0},
    {"SubnetIds", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"WindowsConfiguration", "", RESOURCE_IN_PLACE, 0},
};
static const char *const file_system_attributes[] = {
    "DNSName", "LustreMountName", "ResourceARN", "RootVolumeId", NULL,
};

/* ---- operations ---- */

static const struct record_select describe_file_systems_selects[] = {
    {"FileSystemIds", "FileSystemId", true}};

static const struct record_ask asks[] = {
    {"DescribeFileSystems", "FileSystems", NULL, &system,
     describe_file_systems_selects,
     sizeof(describe_file_systems_selects) / sizeof(describe_file_systems_selects[0])},
};
static const struct record_asks all_asks = {asks, sizeof(asks) / sizeof(asks[0])};

static const struct op ops[] = {
    {"DescribeFileSystems", record_describe},
};

/* ---- the service ---- */

#define TYPE(name_) .name = "AWS::FSx::" name_, .service = "fsx"

static const struct resource_type types[] = {
    {TYPE("FileSystem"), RECORD_TYPE(&system, file_system_properties, file_system_attributes)},
};

static const struct resource_type *const type_list[] = {
    &types[0]};

static status open_tables(struct cell *cell, void **ret_state)
{
    (void)cell;
    return record_asks_open(&all_asks, ret_state);
}

const struct service fsx_service = {
    .id = "fsx",
    OPS(ops),
    .open = open_tables,
    .close = record_asks_close,
    .types = type_list,
    .type_count = sizeof(type_list) / sizeof(type_list[0]),
};
