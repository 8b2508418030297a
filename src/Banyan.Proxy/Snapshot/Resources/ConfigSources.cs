using Banyan.Xds;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Where a resource says another one comes from.</summary>
internal static class ConfigSources
{
    /// <summary>The stream the resource itself came on: the only source there is.</summary>
    public static bool IsThisStream(ConfigSource source) =>
        source.ConfigSourceSpecifierCase is ConfigSource.ConfigSourceSpecifierOneofCase.Ads
            or ConfigSource.ConfigSourceSpecifierOneofCase.Self;
}
