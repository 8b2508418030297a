using Banyan.Rules.Matching;
using Banyan.Xds;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles a whole RouteConfiguration. One instance per resource.</summary>
internal sealed class ConfigurationCompiler(CompileErrors errors)
{
    private readonly ClusterNames _clusters = new();
    private readonly RegexCompilation _regexes = new(errors);
    private readonly List<CompiledRoute> _routes = [];
    private readonly List<(string Pattern, VirtualHostTable Host)> _domains = [];

    public RouteTable? Compile(RouteConfiguration configuration)
    {
        if (configuration.VirtualHosts.Count > RouteLimits.VirtualHosts)
        {
            errors.Add("virtual_hosts", $"at most {RouteLimits.VirtualHosts}, not {configuration.VirtualHosts.Count}");
        }

        if (configuration.VirtualHosts.Sum(host => host.Routes.Count) is var routes and > RouteLimits.Routes)
        {
            errors.Add("virtual_hosts.routes", $"at most {RouteLimits.Routes} together, not {routes}");
        }

        if (configuration.VirtualHosts.Sum(host => host.Domains.Count) is var domains and > RouteLimits.Domains)
        {
            errors.Add("virtual_hosts.domains", $"at most {RouteLimits.Domains} together, not {domains}");
        }

        if (errors.Any)
        {
            return null;
        }

        var mutations = new MutationCompiler(errors, configuration.MostSpecificHeaderMutationsWins);
        var level = new MutationLevels(
            mutations.Compile(configuration.RequestHeadersToAdd, configuration.RequestHeadersToRemove, "", "request_headers"),
            mutations.Compile(configuration.ResponseHeadersToAdd, configuration.ResponseHeadersToRemove, "", "response_headers"));
        CompileHosts(configuration, mutations, level);
        return errors.Any ? null : new RouteTable(_clusters.ToArray(), [.. _routes], new DomainTable(_domains, configuration.IgnorePortInHostMatching));
    }

    private void CompileHosts(RouteConfiguration configuration, MutationCompiler mutations, MutationLevels level)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var patterns = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < configuration.VirtualHosts.Count; i++)
        {
            var host = configuration.VirtualHosts[i];
            var at = $"virtual_hosts[{i}]";
            if (host.Name.Length == 0 || !names.Add(host.Name))
            {
                errors.Add($"{at}.name", host.Name.Length == 0 ? "required" : $"'{host.Name}' is used twice");
            }

            var table = CompileHost(host, at, mutations, level);
            if (host.Domains.Count == 0)
            {
                errors.Add($"{at}.domains", "at least one is required");
            }

            for (var j = 0; j < host.Domains.Count; j++)
            {
                var pattern = host.Domains[j].ToLowerInvariant();
                if (DomainProblem(pattern) is { } problem)
                {
                    errors.Add($"{at}.domains[{j}]", problem);
                }
                else if (!patterns.Add(pattern))
                {
                    errors.Add($"{at}.domains[{j}]", $"'{pattern}' is used twice");
                }

                _domains.Add((pattern, table));
            }
        }
    }

    private VirtualHostTable CompileHost(VirtualHost host, string at, MutationCompiler mutations, MutationLevels outer)
    {
        var level = mutations.Merge(
            new MutationLevels(
                mutations.Compile(host.RequestHeadersToAdd, host.RequestHeadersToRemove, at, "request_headers"),
                mutations.Compile(host.ResponseHeadersToAdd, host.ResponseHeadersToRemove, at, "response_headers")),
            outer);
        var routes = new RouteCompiler(errors, mutations, _clusters, _regexes, level, host.RetryPolicy, $"{at}.retry_policy");
        var rules = new List<RouteRule>(host.Routes.Count);
        for (var i = 0; i < host.Routes.Count; i++)
        {
            var rule = routes.Compile(host.Routes[i], $"{at}.routes[{i}]", _routes.Count);
            _routes.Add(rule.Route);
            if (rule.Enabled)
            {
                rules.Add(rule);
            }
        }

        return new VirtualHostTable([.. rules]);
    }

    private static string? DomainProblem(string pattern) => pattern switch
    {
        "" => "must not be empty",
        { Length: > RouteLimits.TextLength } => "too long",
        "*" => null,
        _ when pattern.AsSpan(1, pattern.Length - 1).TrimEnd('*').Contains('*') || pattern.Count(c => c == '*') > 1
            => $"'{pattern}': one '*', first or last",
        _ => null,
    };
}
