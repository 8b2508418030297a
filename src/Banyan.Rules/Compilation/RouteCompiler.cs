using System.Text;
using Banyan.Rules.Matching;
using Banyan.Xds;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles the routes of one virtual host.</summary>
internal sealed class RouteCompiler(
    CompileErrors errors,
    MutationCompiler mutations,
    ClusterNames clusters,
    RegexCompilation regexes,
    MutationLevels outer,
    RetryPolicy? hostRetry,
    string hostRetryAt)
{
    public RouteRule Compile(Route route, string at, int index)
    {
        var match = new MatchCompiler(errors, regexes).Compile(route.Match, $"{at}.match");
        var level = mutations.Merge(
            new MutationLevels(
                mutations.Compile(route.RequestHeadersToAdd, route.RequestHeadersToRemove, at, "request_headers"),
                mutations.Compile(route.ResponseHeadersToAdd, route.ResponseHeadersToRemove, at, "response_headers")),
            outer);
        var name = route.Name.Length > 0 ? route.Name : match.Description;
        var compiled = route.ActionCase switch
        {
            Route.ActionOneofCase.Route_ => Forward(route.Route_, $"{at}.route", index, name, level, match.Path),
            Route.ActionOneofCase.Redirect => new RedirectCompiler(errors).Compile(route.Redirect, $"{at}.redirect", index, name, level, match.Path),
            Route.ActionOneofCase.DirectResponse => Direct(route.DirectResponse, $"{at}.direct_response", index, name, level),
            _ => Missing(at, index, name),
        };

        return new RouteRule
        {
            Route = compiled,
            Path = match.Path,
            Headers = match.Headers,
            Query = match.Query,
            Enabled = match.Enabled,
        };
    }

    private CompiledRoute Forward(RouteAction action, string at, int index, string name, MutationLevels level, PathPattern path)
    {
        var hostRewrite = HostText(action.HostRewriteLiteral, $"{at}.host_rewrite_literal");
        var backends = new BackendCompiler(errors, mutations, clusters, level, hostRewrite).Compile(action, at);
        var timeout = DurationReader.Read(action.Timeout, TimeSpan.Zero, errors, $"{at}.timeout");
        var idle = DurationReader.Read(action.IdleTimeout, TimeSpan.Zero, errors, $"{at}.idle_timeout");
        var retry = action.RetryPolicy is null
            ? RetryCompiler.Compile(hostRetry, TimeSpan.Zero, errors, hostRetryAt)
            : RetryCompiler.Compile(action.RetryPolicy, timeout, errors, $"{at}.retry_policy");
        return new CompiledRoute
        {
            Index = index,
            Name = name,
            Action = RouteActionKind.Forward,
            Backends = backends,
            TotalWeight = backends.Length == 0 ? 0 : backends[^1].CumulativeWeight,
            RequestHeaders = level.Request,
            ResponseHeaders = level.Response,
            Timeout = timeout,
            IdleTimeout = action.IdleTimeout is not null && idle == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : idle,
            HostRewrite = hostRewrite,
            PathRewrite = PrefixRewrite(action.PrefixRewrite, $"{at}.prefix_rewrite", path, errors),
            Retry = retry,
            MissingClusterStatus = MissingClusterStatus(action.ClusterNotFoundResponseCode, at),
        };
    }

    /// <summary>Compiles a prefix rewrite, which replaces what the path pattern matched.</summary>
    internal static PathRewrite? PrefixRewrite(string text, string at, PathPattern path, CompileErrors errors)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (text[0] != '/' || text.Length > RouteLimits.TextLength || text.Any(c => c is <= ' ' or '?' or '#' or '\\' or '\x7F'))
        {
            errors.Add(at, $"'{text}' must be a path: start with '/', no query");
            return null;
        }

        var whole = path.Kind is PathPatternKind.Exact or PathPatternKind.Regex;
        return new PathRewrite(whole ? -1 : path.Literal.Length, Encoding.UTF8.GetBytes(text));
    }

    private byte[]? HostText(string text, string at) => BackendCompiler.HostText(text, at, errors);

    private int MissingClusterStatus(ulong code, string at)
    {
        if (code > 2)
        {
            errors.Add($"{at}.cluster_not_found_response_code", $"unknown value {code}");
        }

        return code switch { 1 => 404, 2 => 500, _ => 503 };
    }

    private CompiledRoute Direct(DirectResponseAction action, string at, int index, string name, MutationLevels level)
    {
        if (action.Status is < 200 or > 599)
        {
            errors.Add($"{at}.status", $"must be from 200 to 599, not {action.Status}");
        }

        var body = action.Body?.SpecifierCase switch
        {
            DataSource.SpecifierOneofCase.InlineBytes => action.Body.InlineBytes.ToByteArray(),
            DataSource.SpecifierOneofCase.InlineString => Encoding.UTF8.GetBytes(action.Body.InlineString),
            _ => [],
        };
        if (body.Length > RouteLimits.DirectBody)
        {
            errors.Add($"{at}.body", $"at most {RouteLimits.DirectBody} bytes, not {body.Length}");
        }

        return new CompiledRoute
        {
            Index = index,
            Name = name,
            Action = RouteActionKind.DirectResponse,
            Backends = [],
            TotalWeight = 0,
            RequestHeaders = level.Request,
            ResponseHeaders = level.Response,
            Status = (int)action.Status,
            Body = body,
        };
    }

    private CompiledRoute Missing(string at, int index, string name)
    {
        errors.Add(at, "one of route, redirect and direct_response is required");
        return new CompiledRoute
        {
            Index = index,
            Name = name,
            Action = RouteActionKind.DirectResponse,
            Backends = [],
            TotalWeight = 0,
            RequestHeaders = HeaderMutation.None,
            ResponseHeaders = HeaderMutation.None,
        };
    }
}
