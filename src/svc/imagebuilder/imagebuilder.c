/* SPDX-License-Identifier: Apache-2.0
 *
 * Image Builder: recipes, configurations, pipelines and images. Nothing is built.
 */
#include "svc/imagebuilder/imagebuilder.h"

#include "cell/record.h"

static void record_arn_tell(struct resource *r, const struct value *item)
{
    resource_attribute(r, "Arn", r->id);
    if (str_find_str(r->id, STR(":image/")) == r->id.bytes) {
        resource_attribute(r, "Name", get_str(item, "name"));
    }
}

/* ---- kinds ---- */

static const struct error not_found = {"ResourceNotFoundException", NULL, 404, false};

static const struct record_kind component = {
    .name = "component", .service = "imagebuilder", .describe = "GetComponent",
    .path = "component", .id = "arn",
    .id_form = "arn:aws:imagebuilder:${region}:${account}:component/${Name}/${Version}/1",
    .about = "{\"dateCreated\":\"${now}\",\"owner\":\"${account}\",\"type\":\"BUILD\","
             "\"encrypted\":false}",
    .missing = &not_found,
    .missing_words = "The resource with ARN '%.*s' does not exist.",
    .tell = record_arn_tell,
};
static const struct record_kind recipe = {
    .name = "recipe", .service = "imagebuilder", .describe = "GetImageRecipe",
    .path = "imageRecipe", .id = "arn",
    .id_form = "arn:aws:imagebuilder:${region}:${account}:image-recipe/${Name}/${Version}",
    .about = "{\"dateCreated\":\"${now}\",\"owner\":\"${account}\"}",
    .missing = &not_found,
    .missing_words = "The resource with ARN '%.*s' does not exist.",
    .tell = record_arn_tell,
};
static const struct record_kind container = {
    .name = "container", .service = "imagebuilder", .describe = "GetContainerRecipe",
    .path = "containerRecipe", .id = "arn",
    .id_form = "arn:aws:imagebuilder:${region}:${account}:container-recipe/${Name}/${Version}",
    .about = "{\"dateCreated\":\"${now}\",\"owner\":\"${account}\"}",
    .missing = &not_found,
    .missing_words = "The resource with ARN '%.*s' does not exist.",
    .tell = record_arn_tell,
};
static const struct record_kind infrastructure = {
    .name = "infrastructure", .service = "imagebuilder",
    .describe = "GetInfrastructureConfiguration", .path = "infrastructureConfiguration",
    .id = "arn",
    .id_form = "arn:aws:imagebuilder:${region}:${account}:infrastructure-configuration/${Name}",
    .about = "{\"dateCreated\":\"${now}\",\"dateUpdated\":\"${now}\"}",
    .missing = &not_found,
    .missing_words = "The resource with ARN '%.*s' does not exist.",
    .tell = record_arn_tell,
};
static const struct record_kind distribution = {
    .name = "distribution", .service = "imagebuilder", .describe = "GetDistributionConfiguration",
    .path = "distributionConfiguration", .id = "arn",
    .id_form = "arn:aws:imagebuilder:${region}:${account}:distribution-configuration/${Name}",
    .about = "{\"dateCreated\":\"${now}\",\"dateUpdated\":\"${now}\"}",
    .missing = &not_found,
    .missing_words = "The resource with ARN '%.*s' does not exist.",
    .tell = record_arn_tell,
};
static const struct record_kind pipeline = {
    .name = "pipeline", .service = "imagebuilder", .describe = "GetImagePipeline",
    .path = "imagePipeline", .id = "arn",
    .id_form = "arn:aws:imagebuilder:${region}:${account}:image-pipeline/${Name}",
    .about = "{\"dateCreated\":\"${now}\",\"dateUpdated\":\"${now}\",\"status\":\"ENABLED\"}",
    .missing = &not_found,
    .missing_words = "The resource with ARN '%.*s' does not exist.",
    .tell = record_arn_tell,
};
static const struct record_kind image = {
    .name = "image", .service = "imagebuilder", .describe = "GetImage",
    .path = "image", .id = "arn",
    .id_form = "arn:aws:imagebuilder:${region}:${account}:image/${hex8}/1.0.0/1",
    .about = "{\"dateCreated\":\"${now}\",\"type\":\"AMI\",\"version\":\"1.0.0/1\",\"state\":"
             "{\"status\":\"PENDING\",\"reason\":\"This image is a record: nothing is built\"}}",
    .missing = &not_found,
    .missing_words = "The resource with ARN '%.*s' does not exist.",
    .tell = record_arn_tell,
};

/* ---- types ---- */

static const struct resource_property component_properties[] = {
    {"ChangeDescription", "changeDescription", RESOURCE_REPLACES, 0},
    {"Data", "data", RESOURCE_REPLACES, 0},
    {"Description", "description", RESOURCE_REPLACES, 0},
    {"KmsKeyId", "kmsKeyId", RESOURCE_REPLACES, 0},
    {"Name", "name", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Platform", "platform", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"SupportedOsVersions", "supportedOsVersions", RESOURCE_REPLACES, 0},
    {"Tags", "tags", RESOURCE_REPLACES, 0},
    {"Uri", "", RESOURCE_REPLACES, 0},
    {"Version", "version", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const component_attributes[] = {"Arn", "Encrypted", "Type", NULL};

static const struct resource_property container_recipe_properties[] = {
    {"Components", "components", RESOURCE_REPLACES, 0},
    {"ContainerType", "containerType", RESOURCE_REPLACES, 0},
    {"Description", "description", RESOURCE_REPLACES, 0},
    {"DockerfileTemplateData", "dockerfileTemplateData", RESOURCE_REPLACES, 0},
    {"DockerfileTemplateUri", "", RESOURCE_REPLACES, 0},
    {"ImageOsVersionOverride", "", RESOURCE_REPLACES, 0},
    {"InstanceConfiguration", "instanceConfiguration", RESOURCE_REPLACES, 0},
    {"KmsKeyId", "kmsKeyId", RESOURCE_REPLACES, 0},
    {"Name", "name", RESOURCE_REPLACES, 0},
    {"ParentImage", "parentImage", RESOURCE_REPLACES, 0},
    {"PlatformOverride", "platform", RESOURCE_REPLACES, 0},
    {"Tags", "tags", RESOURCE_REPLACES, 0},
    {"TargetRepository", "targetRepository", RESOURCE_REPLACES, 0},
    {"Version", "version", RESOURCE_REPLACES, 0},
    {"WorkingDirectory", "workingDirectory", RESOURCE_REPLACES, 0},
};
static const char *const container_recipe_attributes[] = {"Arn", "Name", NULL};

static const struct resource_property distribution_configuration_properties[] = {
    {"Description", "description", RESOURCE_IN_PLACE, 0},
    {"Distributions", "distributions", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Name", "name", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Tags", "tags", RESOURCE_IN_PLACE, 0},
};
static const char *const distribution_configuration_attributes[] = {"Arn", "Name", NULL};

static const struct resource_property image_properties[] = {
    {"ContainerRecipeArn", "", RESOURCE_REPLACES, 0},
    {"DistributionConfigurationArn", "", RESOURCE_REPLACES, 0},
    {"EnhancedImageMetadataEnabled", "enhancedImageMetadataEnabled", RESOURCE_REPLACES, 0},
    {"ExecutionRole", "executionRole", RESOURCE_REPLACES, 0},
    {"ImageRecipeArn", "", RESOURCE_REPLACES, 0},
    {"ImageScanningConfiguration", "imageScanningConfiguration", RESOURCE_REPLACES, 0},
    {"ImageTestsConfiguration", "imageTestsConfiguration", RESOURCE_REPLACES, 0},
    {"InfrastructureConfigurationArn", "", RESOURCE_REPLACES, 0},
    {"LoggingConfiguration", "loggingConfiguration", RESOURCE_REPLACES, 0},
    {"Tags", "tags", RESOURCE_REPLACES, 0},
    {"Workflows", "workflows", RESOURCE_REPLACES, 0},
};
static const char *const image_attributes[] = {"Arn", "ImageId", "ImageUri", "Name", NULL};

static const struct resource_property image_pipeline_properties[] = {
    {"ContainerRecipeArn", "containerRecipeArn", RESOURCE_IN_PLACE, 0},
    {"Description", "description", RESOURCE_IN_PLACE, 0},
    {"DistributionConfigurationArn", "distributionConfigurationArn", RESOURCE_IN_PLACE, 0},
    {"EnhancedImageMetadataEnabled", "enhancedImageMetadataEnabled", RESOURCE_IN_PLACE, 0},
    {"ExecutionRole", "executionRole", RESOURCE_IN_PLACE, 0},
    {"ImageRecipeArn", "imageRecipeArn", RESOURCE_IN_PLACE, 0},
    {"ImageScanningConfiguration", "imageScanningConfiguration", RESOURCE_IN_PLACE, 0},
    {"ImageTestsConfiguration", "imageTestsConfiguration", RESOURCE_IN_PLACE, 0},
    {"InfrastructureConfigurationArn",
     "infrastructureConfigurationArn", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"LoggingConfiguration", "loggingConfiguration", RESOURCE_IN_PLACE, 0},
    {"Name", "name", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Schedule", "schedule", RESOURCE_IN_PLACE, 0},
    {"Status", "status", RESOURCE_IN_PLACE, 0},
    {"Tags", "tags", RESOURCE_IN_PLACE, 0},
    {"Workflows", "workflows", RESOURCE_IN_PLACE, 0},
};
static const char *const image_pipeline_attributes[] = {"Arn", "Name", NULL};

static const struct resource_property image_recipe_properties[] = {
    {"AdditionalInstanceConfiguration", "additionalInstanceConfiguration", RESOURCE_IN_PLACE, 0},
    {"AmiTags", "amiTags", RESOURCE_IN_PLACE, 0},
    {"BlockDeviceMappings", "blockDeviceMappings", RESOURCE_REPLACES, 0},
    {"Components", "components", RESOURCE_REPLACES, 0},
    {"Description", "description", RESOURCE_REPLACES, 0},
    {"Name", "name", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ParentImage", "parentImage", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Tags", "tags", RESOURCE_REPLACES, 0},
    {"Version", "version", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"WorkingDirectory", "workingDirectory", RESOURCE_REPLACES, 0},
};
static const char *const image_recipe_attributes[] = {"Arn", "Name", NULL};

static const struct resource_property infrastructure_configuration_properties[] = {
    {"Description", "description", RESOURCE_IN_PLACE, 0},
    {"InstanceMetadataOptions", "instanceMetadataOptions", RESOURCE_IN_PLACE, 0},
    {"InstanceProfileName", "instanceProfileName", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"InstanceTypes", "instanceTypes", RESOURCE_IN_PLACE, 0},
    {"KeyPair", "keyPair", RESOURCE_IN_PLACE, 0},
    {"Logging", "logging", RESOURCE_IN_PLACE, 0},
    {"Name", "name", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Placement", "placement", RESOURCE_IN_PLACE, 0},
    {"ResourceTags", "resourceTags", RESOURCE_IN_PLACE, 0},
    {"SecurityGroupIds", "securityGroupIds", RESOURCE_IN_PLACE, 0},
    {"SnsTopicArn", "snsTopicArn", RESOURCE_IN_PLACE, 0},
    {"SubnetId", "subnetId", RESOURCE_IN_PLACE, 0},
    {"Tags", "tags", RESOURCE_IN_PLACE, 0},
    {"TerminateInstanceOnFailure", "terminateInstanceOnFailure", RESOURCE_IN_PLACE, 0},
};
static const char *const infrastructure_configuration_attributes[] = {"Arn", "Name", NULL};

/* ---- operations ---- */

static const struct record_select get_component_selects[] = {
    {"componentBuildVersionArn", "arn", true}};
static const struct record_select get_container_recipe_selects[] = {
    {"containerRecipeArn", "arn", true}};
static const struct record_select get_distribution_configuration_selects[] = {
    {"distributionConfigurationArn", "arn", true}};
static const struct record_select get_image_selects[] = {{"imageBuildVersionArn", "arn", true}};
static const struct record_select get_image_pipeline_selects[] = {
    {"imagePipelineArn", "arn", true}};
static const struct record_select get_image_recipe_selects[] = {{"imageRecipeArn", "arn", true}};
static const struct record_select get_infrastructure_configuration_selects[] = {
    {"infrastructureConfigurationArn", "arn", true}};

static const struct record_ask asks[] = {
    {"GetComponent", "component", NULL, &component,
     get_component_selects,
     sizeof(get_component_selects) / sizeof(get_component_selects[0])},
    {"GetContainerRecipe", "containerRecipe", NULL, &container,
     get_container_recipe_selects,
     sizeof(get_container_recipe_selects) / sizeof(get_container_recipe_selects[0])},
    {"GetDistributionConfiguration", "distributionConfiguration", NULL, &distribution,
     get_distribution_configuration_selects,
     sizeof(get_distribution_configuration_selects) /
         sizeof(get_distribution_configuration_selects[0])},
    {"GetImage", "image", NULL, &image,
     get_image_selects,
     sizeof(get_image_selects) / sizeof(get_image_selects[0])},
    {"GetImagePipeline", "imagePipeline", NULL, &pipeline,
     get_image_pipeline_selects,
     sizeof(get_image_pipeline_selects) / sizeof(get_image_pipeline_selects[0])},
    {"GetImageRecipe", "imageRecipe", NULL, &recipe,
     get_image_recipe_selects,
     sizeof(get_image_recipe_selects) / sizeof(get_image_recipe_selects[0])},
    {"GetInfrastructureConfiguration", "infrastructureConfiguration", NULL, &infrastructure,
     get_infrastructure_configuration_selects,
     sizeof(get_infrastructure_configuration_selects) /
         sizeof(get_infrastructure_configuration_selects[0])},
    {"ListComponents", "componentVersionList", NULL, &component, NULL, 0},
    {"ListContainerRecipes", "containerRecipeSummaryList", NULL, &container, NULL, 0},
    {"ListDistributionConfigurations", "distributionConfigurationSummaryList",
     NULL, &distribution, NULL, 0},
    {"ListImagePipelines", "imagePipelineList", NULL, &pipeline, NULL, 0},
    {"ListImageRecipes", "imageRecipeSummaryList", NULL, &recipe, NULL, 0},
    {"ListImages", "imageVersionList", NULL, &image, NULL, 0},
    {"ListInfrastructureConfigurations", "infrastructureConfigurationSummaryList",
     NULL, &infrastructure, NULL, 0},
};
static const struct record_asks all_asks = {asks, sizeof(asks) / sizeof(asks[0])};

static const struct op ops[] = {
    {"GetComponent", record_describe},
    {"GetContainerRecipe", record_describe},
    {"GetDistributionConfiguration", record_describe},
    {"GetImage", record_describe},
    {"GetImagePipeline", record_describe},
    {"GetImageRecipe", record_describe},
    {"GetInfrastructureConfiguration", record_describe},
    {"ListComponents", record_describe},
    {"ListContainerRecipes", record_describe},
    {"ListDistributionConfigurations", record_describe},
    {"ListImagePipelines", record_describe},
    {"ListImageRecipes", record_describe},
    {"ListImages", record_describe},
    {"ListInfrastructureConfigurations", record_describe},
};

/* ---- the service ---- */

#define TYPE(name_) .name = "AWS::ImageBuilder::" name_, .service = "imagebuilder"

static const struct resource_type types[] = {
    {TYPE("Component"), RECORD_TYPE(&component, component_properties, component_attributes)},
    {TYPE("ContainerRecipe"),
     RECORD_TYPE(&container, container_recipe_properties, container_recipe_attributes)},
    {TYPE("DistributionConfiguration"),
     RECORD_TYPE(&distribution, distribution_configuration_properties,
                 distribution_configuration_attributes)},
    {TYPE("Image"), RECORD_TYPE(&image, image_properties, image_attributes)},
    {TYPE("ImagePipeline"),
     RECORD_TYPE(&pipeline, image_pipeline_properties, image_pipeline_attributes)},
    {TYPE("ImageRecipe"), RECORD_TYPE(&recipe, image_recipe_properties, image_recipe_attributes)},
    {TYPE("InfrastructureConfiguration"),
     RECORD_TYPE(&infrastructure, infrastructure_configuration_properties,
                 infrastructure_configuration_attributes)},
};

static const struct resource_type *const type_list[] = {
    &types[0], &types[1], &types[2], &types[3], &types[4], &types[5], &types[6]};

static status open_tables(struct cell *cell, void **ret_state)
{
    (void)cell;
    return record_asks_open(&all_asks, ret_state);
}

const struct service imagebuilder_service = {
    .id = "imagebuilder",
    OPS(ops),
    .open = open_tables,
    .close = record_asks_close,
    .types = type_list,
    .type_count = sizeof(type_list) / sizeof(type_list[0]),
};
