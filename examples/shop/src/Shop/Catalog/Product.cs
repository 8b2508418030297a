namespace Banyan.Examples.Shop.Catalog;

/// <summary>Something on the shelf.</summary>
public sealed record Product(string Id, string Name, string Latin, string Kind, long Cents, string Text);
