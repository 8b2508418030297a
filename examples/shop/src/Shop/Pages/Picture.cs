using Banyan.Examples.Shop.Catalog;

namespace Banyan.Examples.Shop.Pages;

/// <summary>A drawing for each product, made from its name, so that the shop loads nothing from elsewhere.</summary>
internal static class Picture
{
    private static readonly string[] Leaves =
    [
        "M50 78V40M50 62C36 60 28 50 27 38c13 0 22 8 23 24M50 54c2-16 11-24 24-25-1 13-9 23-24 25",
        "M50 78V26M50 70 30 58M50 70l20-12M50 58 28 44M50 58l22-14M50 46 32 31M50 46l18-15",
        "M50 78C34 66 30 48 36 30M50 78c16-12 20-30 14-48M50 78V24M50 78C28 74 20 62 20 50M50 78c22-4 30-16 30-28",
        "M50 78V44M50 66c-8-8-14-8-20-6M50 66c8-8 14-8 20-6",
    ];

    private static readonly Html Blossom = Html.Of(
        $"""<g fill="#e7a6b4"><circle cx="50" cy="24" r="9"/><circle cx="61" cy="33" r="9"/><circle cx="57" cy="46" r="9"/><circle cx="43" cy="46" r="9"/><circle cx="39" cy="33" r="9"/></g><circle cx="50" cy="36" r="7" fill="#e9c46a"/>""");

    public static Html Of(Product product)
    {
        // Not GetHashCode: the drawing must be the same after a restart.
        long seed = product.Id.Aggregate(17, (sum, letter) => ((sum * 31) + letter) & 0xffff);
        var leaf = product.Kind switch { "Trees" => 0, "Foliage" => 1, "Succulents" => 2, "Flowering" => 3, _ => -1 };
        var plant = leaf < 0
            ? Html.None
            : Html.Of($"""<path d="{Leaves[leaf]}" fill="none" stroke="hsl({100 + (seed % 50)} 38% {30 + (seed % 12)}%)" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/>{(product.Kind == "Flowering" ? Blossom : Html.None)}""");
        return Html.Of(
            $"""
            <svg class="picture" viewBox="0 0 100 110" role="img" aria-label="{product.Name}">
            <rect width="100" height="110" fill="hsl({60 + (seed % 110)} 34% 91%)"/>{plant}
            <path d="M33 76h34l-4 24H37z" fill="hsl({14 + (seed % 16)} 48% 54%)"/><path d="M30 72h40v7H30z" fill="hsl({14 + (seed % 16)} 48% 47%)"/>
            </svg>
            """);
    }
}
