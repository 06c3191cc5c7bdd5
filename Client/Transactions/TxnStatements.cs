using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Quorleans.Clerk;
using Quorleans.Client.Interactive;
using Quorleans.KeyValue;

namespace Quorleans.Client.Transactions;

/// <summary>
/// Reads transactions as people write them. Words are separated and quoted as in the console.
/// <code>
/// if KEY exists | KEY missing | KEY version =|!=|&lt;|&gt; N | KEY value =|!=|&lt;|&gt; VALUE
/// then, else: put KEY VALUE | append KEY VALUE | del KEY | get KEY
/// </code>
/// </summary>
internal sealed class TxnStatements
{
    private const int LineBytesMax = 4 * 1024 * 1024;
    private const string Comparisons = "KEY exists, KEY missing, KEY version =|!=|<|> N, KEY value =|!=|<|> VALUE";
    private const string Operations = "put KEY VALUE, append KEY VALUE, del KEY, get KEY";

    private readonly List<TransactionCompare> _compares = [];
    private readonly List<TransactionStep> _then = [];
    private readonly List<TransactionStep> _else = [];

    /// <summary>The transaction.</summary>
    public Txn Build() => Txn.If([.. _compares]).Then([.. _then]).Else([.. _else]);

    /// <summary>Adds a comparison, without the word <c>if</c>.</summary>
    /// <exception cref="ClientException">It is none.</exception>
    public void AddIf(string statement) => _compares.Add(ParseCompare(statement, Words(statement)));

    /// <summary>Adds an operation, without the word <c>then</c>.</summary>
    /// <exception cref="ClientException">It is none.</exception>
    public void AddThen(string statement) => _then.Add(ParseStep(statement, Words(statement)));

    /// <summary>Adds an operation, without the word <c>else</c>.</summary>
    /// <exception cref="ClientException">It is none.</exception>
    public void AddElse(string statement) => _else.Add(ParseStep(statement, Words(statement)));

    /// <summary>Adds what a file says, one statement a line, each behind the word <c>if</c>, <c>then</c> or <c>else</c>.</summary>
    /// <param name="input">The file.</param>
    /// <param name="name">What it is called in errors.</param>
    /// <exception cref="ClientException">A line is no statement.</exception>
    public async Task AddLinesAsync(Stream input, string name)
    {
        int number = 0;
        await foreach (byte[] bytes in ScriptLines.ReadAsync(input, LineBytesMax))
        {
            number++;
            try
            {
                if (!Utf8.IsValid(bytes)) throw ClientException.Usage($"not valid UTF-8: {TextEscaper.Quote(bytes)}");
                AddLine(Encoding.UTF8.GetString(bytes));
            }
            catch (ClientException e)
            {
                throw ClientException.Usage($"{name}, line {number}: {e.Message}");
            }
        }
    }

    private void AddLine(string line)
    {
        IReadOnlyList<string> words = Words(line);
        if (words.Count == 0) return;
        string[] statement = [.. words.Skip(1)];
        switch (words[0])
        {
            case "if": _compares.Add(ParseCompare(line.Trim(), statement)); break;
            case "then": _then.Add(ParseStep(line.Trim(), statement)); break;
            case "else": _else.Add(ParseStep(line.Trim(), statement)); break;
            default: throw ClientException.Usage($"'{words[0]}' begins no statement; write if, then or else before it");
        }
    }

    private static TransactionCompare ParseCompare(string statement, IReadOnlyList<string> words)
    {
        switch (words)
        {
            case [_, "exists"]:
                return When.Version(Bytes(words[0]), CompareOperator.NotEqual, 0);
            case [_, "missing"]:
                return When.Version(Bytes(words[0]), CompareOperator.Equal, 0);
            case [_, "version", _, _] when ParseOperator(words[2]) is { } compare:
                if (!long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out long version))
                    throw ClientException.Usage($"'{statement}': a version is a whole number from 0 (a missing key's); '{words[3]}' is not");
                return When.Version(Bytes(words[0]), compare, version);
            case [_, "value", _, _] when ParseOperator(words[2]) is { } compare:
                return When.Value(Bytes(words[0]), compare, Bytes(words[3]));
            default:
                throw ClientException.Usage($"'{statement}' is no comparison; there are: {Comparisons} (words with blanks in quotes)");
        }
    }

    private static TransactionStep ParseStep(string statement, IReadOnlyList<string> words) => words switch
    {
        ["put", _, _] => Do.Put(Bytes(words[1]), Bytes(words[2])),
        ["append", _, _] => Do.Append(Bytes(words[1]), Bytes(words[2])),
        ["del", _] => Do.Delete(Bytes(words[1])),
        ["get", _] => Do.Get(Bytes(words[1])),
        _ => throw ClientException.Usage($"'{statement}' is no operation of a transaction; there are: {Operations} (words with blanks in quotes)"),
    };

    private static CompareOperator? ParseOperator(string word) => word switch
    {
        "=" or "==" => CompareOperator.Equal,
        "!=" => CompareOperator.NotEqual,
        "<" => CompareOperator.Less,
        ">" => CompareOperator.Greater,
        _ => null,
    };

    private static IReadOnlyList<string> Words(string statement) =>
        CommandLineSplitter.TrySplit(statement, out IReadOnlyList<string> words, out string? problem)
            ? words
            : throw ClientException.Usage($"'{statement}': {problem}");

    private static ReadOnlyMemory<byte> Bytes(string word) => ShellArguments.ToBytes(word);
}
