// Lucene as bench/text/peer.h speaks to it: one merged segment, terms as given, no query cache, hits counted only
// as far as the best k need. What it writes to standard error is for people.
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.Version;

public class LucenePeer {
  // Terms between spaces, unchanged.
  static class Spaces extends Analyzer {
    @Override
    protected TokenStreamComponents createComponents(String field) {
      return new TokenStreamComponents(new SpaceTokenizer());
    }
  }

  static final class SpaceTokenizer extends Tokenizer {
    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);

    @Override
    public boolean incrementToken() throws IOException {
      clearAttributes();
      int c = input.read();
      for (; c != -1 && c != ' '; c = input.read()) {
        term.append((char) c);
      }
      return term.length() > 0;
    }
  }

  static Query parse(String kind, String[] words) {
    if (kind.equals("phrase")) {
      return new PhraseQuery("f", words);
    }
    if (words.length == 1) {
      return new TermQuery(new Term("f", words[0]));
    }
    BooleanQuery.Builder builder = new BooleanQuery.Builder();
    BooleanClause.Occur occur = kind.equals("all") ? BooleanClause.Occur.MUST : BooleanClause.Occur.SHOULD;
    for (String word : words) {
      builder.add(new TermQuery(new Term("f", word)), occur);
    }
    return builder.build();
  }

  // Documents become an index that is there as a whole or not at all: nothing commits before close().
  static IndexWriter writerOf(MMapDirectory directory) throws IOException {
    IndexWriterConfig config = new IndexWriterConfig(new Spaces());
    config.setOpenMode(IndexWriterConfig.OpenMode.CREATE);
    config.setRAMBufferSizeMB(256);
    config.setSimilarity(new BM25Similarity(1.2f, 0.75f));
    return new IndexWriter(directory, config);
  }

  static IndexSearcher searcherOf(MMapDirectory directory) throws IOException {
    IndexSearcher searcher = new IndexSearcher(DirectoryReader.open(directory));
    searcher.setQueryCache(null);
    searcher.setSimilarity(new BM25Similarity(1.2f, 0.75f));
    return searcher;
  }

  public static void main(String[] args) throws Exception {
    Path folder = null;
    boolean kept = false;
    MMapDirectory directory = null;
    IndexWriter writer = null;
    String ready = "ready Lucene " + Version.LATEST + ", Java " + Runtime.version().feature() + "\n";
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20);
    BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
    IndexSearcher searcher = null;
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Document document = new Document();
    TextField text = new TextField("f", "", Field.Store.NO);
    document.add(text);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] fields = line.split("\t");
      if (fields[0].equals("O")) {
        kept = fields.length > 1;
        folder = kept ? Files.createDirectories(Path.of(fields[1])) : Files.createTempDirectory("lucene_peer");
        directory = new MMapDirectory(folder);
        if (DirectoryReader.indexExists(directory)) {
          searcher = searcherOf(directory);
          out.write(ready);
        } else {
          writer = writerOf(directory);
          out.write("empty\n");
        }
      } else if (fields[0].equals("D")) {
        text.setStringValue(fields[1]);
        writer.addDocument(document);
      } else if (fields[0].equals("C")) {
        writer.forceMerge(1);
        writer.close();
        searcher = searcherOf(directory);
        out.write(ready);
      } else {
        int k = Integer.parseInt(fields[1]);
        Query query = parse(fields[2], fields[3].split(" "));
        long begin = threads.getCurrentThreadCpuTime();
        TopDocs top = searcher.search(query, new TopScoreDocCollectorManager(k, null, k));
        long nanoseconds = threads.getCurrentThreadCpuTime() - begin;
        StringBuilder answer = new StringBuilder().append(nanoseconds);
        for (ScoreDoc hit : top.scoreDocs) {
          answer.append(' ').append(hit.doc).append(':').append(hit.score);
        }
        out.write(answer.append('\n').toString());
      }
      if (!fields[0].equals("D")) {
        out.flush();
      }
    }
    if (folder == null || kept) {
      return;
    }
    for (String name : directory.listAll()) {
      Files.delete(folder.resolve(name));
    }
    Files.delete(folder);
  }
}
