using System.Buffers.Text;
using System.Text;

namespace Quorleans.MapReduce.Applications;

/// <summary>Lists the files that each word is in, as the lab's indexer does: <c>word number file,file,…</c>, the files in order.</summary>
public sealed class InvertedIndex : IMapReduceApplication
{
    /// <inheritdoc/>
    public IReadOnlyList<JobDefinition> Define(JobArguments arguments)
    {
        bool fullPaths = arguments.Flag("paths");
        return
        [
            JobDefinition.Create("index", () => new Mapper(fullPaths), static () => new Reducer()) with
            {
                Input = RecordFormats.TextBlocks,
                Combiner = static () => new Combiner(),
            },
        ];
    }

    private sealed class Mapper(bool fullPaths) : IUtf8Mapper
    {
        private readonly HashSet<byte[]> _seen = new(ByteArrayComparer.Instance);
        private string _path = "";
        private byte[] _document = [];

        public void Map(ReadOnlySpan<byte> record, IUtf8MapContext context)
        {
            if (!ReferenceEquals(_path, context.InputPath))
            {
                _path = context.InputPath;
                _document = Encoding.UTF8.GetBytes(fullPaths ? _path : Path.GetFileName(_path));
                _seen.Clear();
            }

            var seen = _seen.GetAlternateLookup<ReadOnlySpan<byte>>();
            foreach (ReadOnlySpan<byte> word in new LetterTokens(record))
            {
                if (!seen.Contains(word) && seen.Add(word)) context.Emit(word, _document);
                if (_seen.Count == MostRemembered) _seen.Clear();
            }
        }

        // Bounds the memory; what is emitted twice is put together again later.
        private const int MostRemembered = 1 << 18;
    }

    private sealed class Combiner : IUtf8Combiner
    {
        public void Combine(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8CombineOutput output)
        {
            foreach (byte[] document in Distinct(values)) output.Emit(document);
        }
    }

    private sealed class Reducer : IUtf8Reducer
    {
        public void Reduce(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8ReduceContext context)
        {
            SortedSet<byte[]> documents = Distinct(values);
            using MemoryStream line = new();
            Span<byte> number = stackalloc byte[11];
            Utf8Formatter.TryFormat(documents.Count, number, out int length);
            line.Write(number[..length]);
            byte separator = (byte)' ';
            foreach (byte[] document in documents)
            {
                line.WriteByte(separator);
                line.Write(document);
                separator = (byte)',';
            }

            context.Write(key, line.GetBuffer().AsSpan(0, (int)line.Length));
        }
    }

    private static SortedSet<byte[]> Distinct(IUtf8Values values)
    {
        SortedSet<byte[]> documents = new(ByteArrayComparer.Instance);
        while (values.MoveNext()) documents.Add(values.Current.ToArray());
        return documents;
    }
}
