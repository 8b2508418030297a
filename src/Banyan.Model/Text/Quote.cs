using System.Text;

namespace Banyan.Model.Text;

/// <summary>Shows foreign text in a message: in quotes, without control characters, not too long.</summary>
internal static class Quote
{
    private const int Longest = 60;

    public static string Text(string text) => $"\"{Shorten(text)}\"";

    public static string Shorten(string text, int longest = Longest)
    {
        var result = new StringBuilder(Math.Min(text.Length, longest) + 3);
        foreach (var c in text)
        {
            if (result.Length >= longest)
            {
                return result.Append("...").ToString();
            }

            if (char.IsControl(c) || c is '\u2028' or '\u2029' || char.IsSurrogate(c))
            {
                result.Append("\\u").Append(((int)c).ToString("x4"));
            }
            else
            {
                result.Append(c);
            }
        }

        return result.ToString();
    }
}
