namespace Quorleans.MapReduce.Engine;

/// <summary>A format whose records have something before them that is not for the mapper.</summary>
internal interface IFramedRecordFormat : IRecordFormat
{
    /// <summary>How many of a record's first bytes the mapper does not see.</summary>
    int HeaderBytes { get; }
}
