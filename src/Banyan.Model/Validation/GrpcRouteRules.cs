using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>
/// Rules between the fields of one GRPCRoute, and the path that a match on service and method comes to.
/// </summary>
internal static class GrpcRouteRules
{
    /// <summary>Any one element of the path: the service or the method that is not asked for.</summary>
    private const string Any = "[^/]+";

    public static void CheckMethod(GrpcMethodMatch match, MapNode map, Reading reading)
    {
        // What is there and is not text has been told already.
        if (match.Service.Length == 0 && match.Method.Length == 0 && !IsWritten("service") && !IsWritten("method"))
        {
            reading.Add(map, "needs one of service and method");
        }

        Check(
            "service",
            match.Service,
            IsService(match.Service),
            "the name of a service with its package, for example shop.v1.Payments");
        Check("method", match.Method, IsIdentifier(match.Method), "the name of a method");

        bool IsWritten(string field) => map.Has(field) && map.Find(field) is not ScalarNode { Text: "" };

        void Check(string field, string text, bool isName, string what)
        {
            if (text.Length == 0 || map.Find(field) is not ScalarNode node)
            {
                return;
            }

            if (match.Type == ValueMatchType.Exact)
            {
                if (!isName)
                {
                    reading.Add(node, field, $"{Quote.Text(text)} is not {what}");
                }
            }
            else if (RegexCheck.Check(text) is { } message)
            {
                reading.Add(node, field, message);
            }
        }
    }

    /// <summary>A call is a request for <c>/SERVICE/METHOD</c>.</summary>
    public static HttpPathMatch PathOf(GrpcMethodMatch? match) => match switch
    {
        null or { Service: "", Method: "" } => new HttpPathMatch(),
        { Type: ValueMatchType.Exact, Service: not "", Method: not "" } =>
            new HttpPathMatch { Type = PathMatchType.Exact, Value = $"/{match.Service}/{match.Method}" },
        { Type: ValueMatchType.Exact, Service: not "" } => new HttpPathMatch { Value = $"/{match.Service}" },
        { Type: ValueMatchType.Exact } => Regex(Any, match.Method),
        _ => Regex(
            match.Service.Length == 0 ? Any : $"(?:{match.Service})",
            match.Method.Length == 0 ? Any : $"(?:{match.Method})"),
    };

    private static HttpPathMatch Regex(string service, string method) =>
        new() { Type = PathMatchType.RegularExpression, Value = $"/{service}/{method}" };

    private static bool IsService(string text) => text.TrimStart('.').Length >= text.Length - 1
        && text.TrimStart('.').Split('.').All(IsIdentifier);

    private static bool IsIdentifier(string text) => text.Length > 0
        && !char.IsAsciiDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
