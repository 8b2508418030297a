namespace Banyan.Examples.Shop.Catalog;

/// <summary>What stands on the shelf when the shop opens for the first time.</summary>
internal static class Seed
{
    public static readonly Product[] Products =
    [
        new("banyan", "Banyan", "Ficus benghalensis", "Trees", 4900, "Begins life on another tree and ends up carrying itself. Bright light, patience, a large pot."),
        new("weeping-fig", "Weeping fig", "Ficus benjamina", "Trees", 2450, "Dislikes being moved. Turn it a little each week, water when the top of the soil is dry."),
        new("rubber-plant", "Rubber plant", "Ficus elastica", "Trees", 2190, "Dark, glossy leaves that want dusting more than watering."),
        new("olive", "Olive tree", "Olea europaea", "Trees", 3900, "Full sun and lean soil. Spends the winter cool and bright."),
        new("monstera", "Swiss cheese plant", "Monstera deliciosa", "Foliage", 2790, "Climbs if you let it. New leaves open whole and get their holes with age."),
        new("calathea", "Peacock plant", "Goeppertia makoyana", "Foliage", 1890, "Folds its leaves in the evening. Soft water and no direct sun."),
        new("fern", "Boston fern", "Nephrolepis exaltata", "Foliage", 1450, "Happy in the bathroom: even moisture, filtered light."),
        new("pothos", "Golden pothos", "Epipremnum aureum", "Foliage", 990, "Forgives almost everything. A cutting in a glass of water is a new plant in three weeks."),
        new("aloe", "Aloe", "Aloe vera", "Succulents", 850, "Water deeply and seldom. A sunny window sill is all it asks for."),
        new("jade", "Jade plant", "Crassula ovata", "Succulents", 1290, "A small tree of coins. Lives for decades on neglect."),
        new("string-of-pearls", "String of pearls", "Curio rowleyanus", "Succulents", 1390, "Hang it high in bright light and let it fall."),
        new("peace-lily", "Peace lily", "Spathiphyllum wallisii", "Flowering", 1690, "Droops when thirsty and stands up within the hour."),
        new("orchid", "Moth orchid", "Phalaenopsis amabilis", "Flowering", 2290, "Flowers for months. Water by dipping, never leave it standing wet."),
        new("jasmine", "Jasmine", "Jasminum polyanthum", "Flowering", 1990, "Pink buds, white flowers, and the whole room knows it."),
        new("pot", "Terracotta pot", "20 cm", "Pots and tools", 690, "Unglazed, breathing, with a saucer."),
        new("can", "Watering can", "1.5 litres", "Pots and tools", 1850, "Long spout, zinc, does not drip."),
    ];
}
