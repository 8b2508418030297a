namespace Banyan.Proxy.Options;

/// <summary>The version of this build.</summary>
public static class ProductVersion
{
    /// <summary>MAJOR.MINOR.PATCH.</summary>
    public static string Text { get; } = typeof(ProductVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
