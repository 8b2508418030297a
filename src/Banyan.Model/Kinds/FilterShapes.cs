using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Filters of routes.</summary>
internal static class FilterShapes
{
    private static readonly (string Name, HttpFilterType Type)[] Others =
    [
        ("requestMirror", HttpFilterType.RequestMirror),
        ("requestRedirect", HttpFilterType.RequestRedirect),
        ("urlRewrite", HttpFilterType.UrlRewrite),
        ("cors", HttpFilterType.Cors),
        ("externalAuth", HttpFilterType.ExternalAuth),
        ("extensionRef", HttpFilterType.ExtensionRef),
    ];

    private static readonly TextShape ChangedHeaderName = new()
    {
        MinLength = 1,
        MaxLength = 256,
        Check = HttpRouteRules.CheckChangedHeader,
        Pattern = "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$",
    };

    private static readonly TextShape HeaderValue =
        new() { MinLength = 1, MaxLength = 4096, Check = HttpRouteRules.CheckFieldValue };

    private static readonly ObjectShape<HttpHeader> Header = new(
        new Field<HttpHeader, string>(
            "name",
            ChangedHeaderName,
            h => h.Name,
            (h, v) => h with { Name = v },
            "Name of the field.") { Required = true },
        new Field<HttpHeader, string>(
            "value", HeaderValue, h => h.Value, (h, v) => h with { Value = v }, "Its value.") { Required = true });

    private static readonly ObjectShape<HttpHeaderModifier> Modifier = new(
        new Field<HttpHeaderModifier, EquatableList<HttpHeader>>(
            "set", Headers(), m => m.Set, (m, v) => m with { Set = v }, "Fields to replace."),
        new Field<HttpHeaderModifier, EquatableList<HttpHeader>>(
            "add", Headers(), m => m.Add, (m, v) => m with { Add = v }, "Fields to add."),
        new Field<HttpHeaderModifier, EquatableList<string>>(
            "remove",
            new ListShape<string>(ChangedHeaderName) { Max = 16, Key = n => n.ToLowerInvariant() },
            m => m.Remove,
            (m, v) => m with { Remove = v },
            "Names of fields to remove."));

    /// <summary>Filters of these types, each at most once where that is the rule.</summary>
    public static ListShape<HttpRouteFilter> Of(HttpFilterType[] types)
    {
        var words = HttpRouteRules.FilterTypes.Where(each => types.Contains(each.Value)).ToArray();
        var filter = new ObjectShape<HttpRouteFilter>(
        [
            new Field<HttpRouteFilter, HttpFilterType>(
                "type",
                new EnumShape<HttpFilterType>(words),
                f => f.Type,
                (f, v) => f with { Type = v },
                "What the filter does.") { Required = true },
            new Field<HttpRouteFilter, HttpHeaderModifier>(
                "requestHeaderModifier",
                Modifier,
                f => f.RequestHeaderModifier,
                (f, v) => f with { RequestHeaderModifier = v },
                "Changes to the request's header."),
            new Field<HttpRouteFilter, HttpHeaderModifier>(
                "responseHeaderModifier",
                Modifier,
                f => f.ResponseHeaderModifier,
                (f, v) => f with { ResponseHeaderModifier = v },
                "Changes to the response's header."),
            .. Others.Where(each => types.Contains(each.Type)).Select(each => Other(each.Name, each.Type)),
        ])
        {
            Check = (value, map, reading) =>
            {
                // Of a type that this kind does not have, its field is not asked for.
                if (words.Any(each => map.Find("type") is ScalarNode type && type.Text == each.Word))
                {
                    HttpRouteRules.CheckFilter(value, map, reading);
                }
            },
        };

        return new ListShape<HttpRouteFilter>(filter)
        {
            Max = 16,
            Key = f => f.Type is HttpFilterType.RequestMirror or HttpFilterType.ExtensionRef
                ? null
                : HttpRouteRules.FilterTypes.First(t => t.Value == f.Type).Word,
            KeyField = "type",
        };
    }

    private static ListShape<HttpHeader> Headers() =>
        new(Header) { Max = 16, Key = h => h.Name.Length == 0 ? null : h.Name.ToLowerInvariant(), KeyField = "name" };

    private static Field<HttpRouteFilter, RawValue> Other(string name, HttpFilterType type) => new(
        name,
        SharedShapes.Raw,
        f => f.Type == type ? f.Other : null,
        (f, v) => f with { Other = v },
        "Read, but not supported by this version.");
}
