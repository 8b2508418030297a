namespace Banyan.Rules;

/// <summary>What one RouteConfiguration may hold at most; more is refused, so that one resource cannot exhaust a sidecar.</summary>
public static class RouteLimits
{
    /// <summary>Virtual hosts.</summary>
    public const int VirtualHosts = 5_000;

    /// <summary>Domains of all virtual hosts together.</summary>
    public const int Domains = 10_000;

    /// <summary>Routes of all virtual hosts together.</summary>
    public const int Routes = 10_000;

    /// <summary>Header matchers of one route, and query matchers of one route.</summary>
    public const int Matchers = 64;

    /// <summary>Weighted clusters of one route.</summary>
    public const int Clusters = 64;

    /// <summary>Header changes of one level: additions and removals each.</summary>
    public const int HeaderChanges = 64;

    /// <summary>Bytes of one name, path, value or pattern.</summary>
    public const int TextLength = 8_192;

    /// <summary>Instructions of all regular expressions together; one may have <see cref="Wire.RegularExpressions.LinearRegex.MaxInstructions"/>.</summary>
    public const int RegexInstructions = 200_000;

    /// <summary>Bytes of a direct response's body (Envoy's default).</summary>
    public const int DirectBody = 4_096;

    /// <summary>Attempts of one request after the first.</summary>
    public const int Retries = 100;

    /// <summary>Longest timeout.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromDays(30);
}
