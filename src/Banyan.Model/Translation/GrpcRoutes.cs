using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Model;

/// <summary>
/// Routes as gRPC's libraries take them (gRFCs A28, A31, A44): paths without the matcher of whole elements, deadlines
/// as the longest duration of a stream, retries by status. What can never fit a gRPC request is left out.
/// </summary>
internal static class GrpcRoutes
{
    // Every gRPC request is one.
    private const string Method = "POST";

    // What the status that a caller sees is made of (gRPC's table of HTTP codes).
    private static readonly uint[] Unavailable = [429, 502, 503, 504];

    public static RouteConfiguration Of(RouteConfiguration source)
    {
        var result = new RouteConfiguration { Name = source.Name };
        foreach (var host in source.VirtualHosts)
        {
            var rendered = new VirtualHost
            {
                Name = host.Name, Domains = { host.Domains }, Routes = { host.Routes.SelectMany(Of) },
            };
            if (rendered.Routes.Count == 0)
            {
                // A host without routes is refused by some.
                rendered.Routes.Add(
                    new Route { Name = "nowhere", Match = new RouteMatch { Prefix = "" }, Route_ = Nowhere() });
            }

            result.VirtualHosts.Add(rendered);
        }

        return result;
    }

    private static IEnumerable<Route> Of(Route source)
    {
        // gRPC's paths have no query.
        if (source.Match.QueryParameters.Count > 0 || Headers(source.Match) is not { } headers)
        {
            yield break;
        }

        var action = Action(source);
        foreach (var match in Paths(source.Match))
        {
            match.CaseSensitive = source.Match.CaseSensitive;
            match.RuntimeFraction = source.Match.RuntimeFraction;
            match.Headers.Add(headers);
            yield return new Route { Name = source.Name, Match = match, Route_ = action };
        }
    }

    private static RouteMatch[] Paths(RouteMatch match) => match.PathSpecifierCase switch
    {
        RouteMatch.PathSpecifierOneofCase.PathSeparatedPrefix =>
        [
            new RouteMatch { Path = match.PathSeparatedPrefix },
            new RouteMatch { Prefix = match.PathSeparatedPrefix + "/" },
        ],
        RouteMatch.PathSpecifierOneofCase.Path => [new RouteMatch { Path = match.Path }],
        RouteMatch.PathSpecifierOneofCase.SafeRegex => [new RouteMatch { SafeRegex = match.SafeRegex }],
        _ => [new RouteMatch { Prefix = match.Prefix }],
    };

    /// <summary>The matchers that decide something; null when the method alone says no.</summary>
    private static List<HeaderMatcher>? Headers(RouteMatch match)
    {
        List<HeaderMatcher> headers = [];
        foreach (var header in match.Headers)
        {
            if (header.Name != ":method")
            {
                headers.Add(Header(header));
            }
            else if ((header.StringMatch?.Exact == Method) == header.InvertMatch)
            {
                return null;
            }
        }

        return headers;
    }

    /// <summary>The older fields, which every library knows, instead of <c>string_match</c>.</summary>
    private static HeaderMatcher Header(HeaderMatcher header)
    {
        if (header.StringMatch is not { IgnoreCase: false } text)
        {
            return header;
        }

        var older = new HeaderMatcher { Name = header.Name, InvertMatch = header.InvertMatch };
        switch (text.MatchPatternCase)
        {
            case StringMatcher.MatchPatternOneofCase.Exact:
                older.ExactMatch = text.Exact;
                return older;
            case StringMatcher.MatchPatternOneofCase.SafeRegex:
                older.SafeRegexMatch = text.SafeRegex;
                return older;
            case StringMatcher.MatchPatternOneofCase.Prefix:
                older.PrefixMatch = text.Prefix;
                return older;
            case StringMatcher.MatchPatternOneofCase.Suffix:
                older.SuffixMatch = text.Suffix;
                return older;
            default:
                return header;
        }
    }

    private static RouteAction Action(Route source)
    {
        if (source.Route_ is not { } action)
        {
            // Answers and redirects are HTTP's; a caller of gRPC gets UNAVAILABLE.
            return Nowhere();
        }

        var result = new RouteAction { RetryPolicy = Retry(action.RetryPolicy) };
        if (action.Timeout is { } timeout && timeout.ToTimeSpan() > TimeSpan.Zero)
        {
            result.MaxStreamDuration =
                new RouteAction.Types.MaxStreamDuration { MaxStreamDuration_ = timeout }.ToByteString();
        }

        if (action.WeightedClusters is not { } weighted)
        {
            result.Cluster = action.Cluster;
            return result;
        }

        result.WeightedClusters = new WeightedCluster();
        foreach (var cluster in weighted.Clusters.Where(each => each.Weight > 0))
        {
            result.WeightedClusters.Clusters.Add(
                new WeightedCluster.Types.ClusterWeight { Name = cluster.Name, Weight = cluster.Weight });
        }

        // Older libraries take 100 when it is absent, and refuse another sum.
        result.WeightedClusters.TotalWeight =
            (uint)result.WeightedClusters.Clusters.Sum(each => each.Weight.GetValueOrDefault());
        return result;
    }

    private static RouteAction Nowhere() => new() { Cluster = ClusterTranslator.Blackhole };

    /// <summary>
    /// Retries of what the status UNAVAILABLE stands for; connections that fail are tried again by the libraries
    /// themselves.
    /// </summary>
    private static RetryPolicy? Retry(RetryPolicy? source)
    {
        if (source is null || !source.RetriableStatusCodes.Any(code => Unavailable.Contains(code)))
        {
            return null;
        }

        return new RetryPolicy
        {
            RetryOn = "unavailable", NumRetries = source.NumRetries, RetryBackOff = source.RetryBackOff,
        };
    }
}
