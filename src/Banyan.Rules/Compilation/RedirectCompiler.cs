using System.Text;
using Banyan.Rules.Matching;
using Banyan.Xds;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles redirects.</summary>
internal sealed class RedirectCompiler(CompileErrors errors)
{
    public CompiledRoute Compile(RedirectAction action, string at, int index, string name, MutationLevels level, PathPattern path)
    {
        if (action.PortRedirect > 65_535)
        {
            errors.Add($"{at}.port_redirect", $"{action.PortRedirect} is not a port");
        }

        return new CompiledRoute
        {
            Index = index,
            Name = name,
            Action = RouteActionKind.Redirect,
            Backends = [],
            TotalWeight = 0,
            RequestHeaders = level.Request,
            ResponseHeaders = level.Response,
            Status = Status(action, at),
            Redirect = new RedirectTarget
            {
                Scheme = Scheme(action, at),
                Host = BackendCompiler.HostText(action.HostRedirect, $"{at}.host_redirect", errors),
                Port = (int)action.PortRedirect,
                Path = Path(action.PathRedirect, $"{at}.path_redirect"),
                PathRewrite = RouteCompiler.PrefixRewrite(action.PrefixRewrite, $"{at}.prefix_rewrite", path, errors),
                StripQuery = action.StripQuery,
            },
        };
    }

    private int Status(RedirectAction action, string at)
    {
        switch (action.ResponseCode)
        {
            case RedirectAction.Types.RedirectResponseCode.MovedPermanently:
                return 301;
            case RedirectAction.Types.RedirectResponseCode.Found:
                return 302;
            case RedirectAction.Types.RedirectResponseCode.SeeOther:
                return 303;
            case RedirectAction.Types.RedirectResponseCode.TemporaryRedirect:
                return 307;
            case RedirectAction.Types.RedirectResponseCode.PermanentRedirect:
                return 308;
            default:
                errors.Add($"{at}.response_code", $"unknown value {(int)action.ResponseCode}");
                return 301;
        }
    }

    private byte[]? Scheme(RedirectAction action, string at)
    {
        if (action.SchemeRewriteSpecifierCase == RedirectAction.SchemeRewriteSpecifierOneofCase.HttpsRedirect)
        {
            return action.HttpsRedirect ? "https"u8.ToArray() : null;
        }

        switch (action.SchemeRedirect)
        {
            case "":
                return null;
            case "http" or "https":
                return Encoding.ASCII.GetBytes(action.SchemeRedirect);
            default:
                errors.Add($"{at}.scheme_redirect", $"'{action.SchemeRedirect}' is neither http nor https");
                return null;
        }
    }

    private byte[]? Path(string text, string at)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (text[0] != '/' || text.Length > RouteLimits.TextLength || text.Any(c => c is <= ' ' or '#' or '\\' or '\x7F'))
        {
            errors.Add(at, $"'{text}' must be a path: start with '/'");
            return null;
        }

        return Encoding.UTF8.GetBytes(text);
    }
}
