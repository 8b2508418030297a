namespace Banyan.Model.Text;

/// <summary>Leaves the parsing of one document; never leaves this namespace.</summary>
internal sealed class TextRefusedException(int line, int column, string message) : Exception(message)
{
    public int Line { get; } = line;

    public int Column { get; } = column;
}
