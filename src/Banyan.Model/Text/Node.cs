namespace Banyan.Model.Text;

/// <summary>A value of a document and where it stands. YAML and JSON become the same tree.</summary>
internal abstract class Node(int line, int column)
{
    public int Line { get; } = line;

    public int Column { get; } = column;
}
