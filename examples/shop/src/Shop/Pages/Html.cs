using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Banyan.Examples.Shop.Pages;

/// <summary>Markup. Text that is interpolated into it is encoded; other markup is not.</summary>
public readonly record struct Html(string Markup)
{
    /// <summary>Nothing.</summary>
    public static readonly Html None = new("");

    /// <summary>Markup from an interpolated string.</summary>
    public static Html Of(HtmlHandler content) => new(content.ToString());

    /// <inheritdoc/>
    public override string ToString() => Markup;
}

/// <summary>Encodes what is interpolated into markup.</summary>
[InterpolatedStringHandler]
public readonly struct HtmlHandler(int literalLength, int formattedCount)
{
    private readonly StringBuilder _text = new(literalLength + (16 * formattedCount));

    /// <summary>The markup itself.</summary>
    public void AppendLiteral(string markup) => _text.Append(markup);

    /// <summary>Text: encoded.</summary>
    public void AppendFormatted(string? text) => _text.Append(text is null ? "" : HtmlEncoder.Default.Encode(text));

    /// <summary>A number.</summary>
    public void AppendFormatted(long number) => _text.Append(number);

    /// <summary>Markup: as it is.</summary>
    public void AppendFormatted(Html markup) => _text.Append(markup.Markup);

    /// <summary>Pieces of markup, one after the other.</summary>
    public void AppendFormatted(IEnumerable<Html> markup)
    {
        foreach (var piece in markup)
        {
            _text.Append(piece.Markup);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
