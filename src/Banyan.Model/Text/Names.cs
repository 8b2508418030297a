namespace Banyan.Model.Text;

/// <summary>Names as RFC 1123 and Kubernetes want them. Each check says what is wrong, or null.</summary>
internal static class Names
{
    public const string LabelPattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";

    public const string SubdomainPattern = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

    private const string LabelRule = "lower-case letters, digits and '-', beginning and ending with a letter or digit, at most 63 characters";

    public static string? CheckLabel(string text) =>
        IsLabel(text) && text.Length <= 63 ? null : $"{Quote.Text(text)} is not a valid name: {LabelRule}";

    public static string? CheckSubdomain(string text)
    {
        var good = text.Length <= 253;
        foreach (var range in text.AsSpan().Split('.'))
        {
            good &= IsLabel(text.AsSpan()[range]);
        }

        return good ? null : $"{Quote.Text(text)} is not a valid name: lower-case letters, digits, '-' and '.', each part beginning and ending with a letter or digit, at most 253 characters";
    }

    /// <summary>Key of a label or annotation: an optional DNS prefix, then a name.</summary>
    public static string? CheckLabelKey(string key)
    {
        var slash = key.IndexOf('/');
        return (slash < 0 || CheckSubdomain(key[..slash]) is null) && IsQualified(key.AsSpan(slash + 1)) && slash != key.Length - 1
            ? null
            : $"{Quote.Text(key)} is not a valid label name";
    }

    public static string? CheckLabelValue(string value) =>
        value.Length == 0 || IsQualified(value) ? null : $"{Quote.Text(value)} is not a valid label value: letters, digits, '-', '_' and '.', at most 63 characters";

    private static bool IsQualified(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > 63 || !char.IsAsciiLetterOrDigit(text[0]) || !char.IsAsciiLetterOrDigit(text[^1]))
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLabel(ReadOnlySpan<char> text) =>
        !text.IsEmpty
        && text[0] != '-'
        && text[^1] != '-'
        && text.IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-") < 0;
}
